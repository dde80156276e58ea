import { createDatabase, type DatabaseHandle, type DatabaseOptions } from "@latchkey/db"

interface Shared {
  handle: Promise<DatabaseHandle>
  users: number
}

/**
 * The embedded databases that this process has open. A bundler that reloads this module creates another instance of
 * it, which must find them, because a directory can be opened only once.
 */
const embedded = globalThis as { [key: symbol]: Map<string, Shared> | undefined }
const NAME = Symbol.for("@latchkey/server embedded databases")

/** Opens a database. Instances in one process share an embedded one, which closes with the last of them. */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<DatabaseHandle> {
  if (!url.startsWith("file:")) return createDatabase(url, options)
  embedded[NAME] ??= new Map()
  const all = embedded[NAME]
  const place = `${url} ${options.schema}`
  const shared = all.get(place) ?? { handle: createDatabase(url, options), users: 0 }
  all.set(place, shared)
  shared.users++

  async function leave() {
    if (--shared.users > 0) return
    all.delete(place)
    await shared.handle.then(
      ({ close }) => close(),
      () => {},
    )
  }
  try {
    const handle = await shared.handle
    return { ...handle, close: leave }
  } catch (error) {
    await leave()
    throw error
  }
}
