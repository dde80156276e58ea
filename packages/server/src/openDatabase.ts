import {
  createDatabase,
  type DatabaseHandle,
  type DatabaseOptions,
  DatabaseUnusable,
  DEFAULT_SCHEMA,
} from "@latchkey/db"

interface Shared {
  handle: Promise<DatabaseHandle>
  /** It has one connection, and so one search path. */
  schema: string
  users: number
}

/**
 * The embedded databases that this process has open. A bundler that reloads a module makes another instance of it, which
 * must find them, as a folder can be opened only once.
 */
const embedded = globalThis as { [key: symbol]: Map<string, Shared> | undefined }
const NAME = Symbol.for("@latchkey/server embedded databases")

/**
 * Opens a database. Instances in one process share an embedded one, which closes with the last of them.
 *
 * @throws {DatabaseUnusable} if this process has opened the embedded database for another schema.
 */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<DatabaseHandle> {
  if (!url.startsWith("file:")) return createDatabase(url, options)
  embedded[NAME] ??= new Map()
  const all = embedded[NAME]
  const { schema = DEFAULT_SCHEMA } = options
  const shared = all.get(url) ?? { handle: createDatabase(url, options), schema, users: 0 }
  if (shared.schema !== schema) {
    throw new DatabaseUnusable(
      `this process has opened the embedded database for the schema ${shared.schema}, and can't open it for ${schema} too`,
    )
  }
  all.set(url, shared)
  shared.users++

  async function leave() {
    if (--shared.users > 0) return
    all.delete(url)
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
