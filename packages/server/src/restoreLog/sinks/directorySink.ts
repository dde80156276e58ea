import { createReadStream } from "node:fs"
import { mkdir, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { codeOf } from "@latchkey/db"
import { unusableFolder } from "../restoreLogError.ts"
import { createFile, syncFolder } from "./durableFile.ts"
import { linesOf } from "./lines.ts"
import { type LogSink, ObjectGone } from "./logSink.ts"
import { createdAt } from "./objectName.ts"
import { createSegment } from "./segment.ts"

const ENDING = ".ndjson"
const UNFINISHED = ".new"

/** No process still writes a file of this age. */
const ABANDONED_MS = 86_400_000

/** Keeps a log in the files of a folder, which it creates if it is missing. */
export function createDirectorySink(folder: string): LogSink {
  const segment = createSegment(folder)

  const listAll = () =>
    orUnusable(async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return readdir(folder)
    })

  /** Removes the files of processes that crashed while they wrote. */
  async function removeAbandoned() {
    for (const name of await listAll()) {
      const isOld = createdAt(name.slice(0, -UNFINISHED.length)) < Date.now() - ABANDONED_MS
      if (name.endsWith(ENDING + UNFINISHED) && isOld) await rm(join(folder, name), { force: true })
    }
  }

  return {
    place: folder,
    append: segment.append,
    list: async () => (await listAll()).filter((name) => name.endsWith(ENDING)).sort(),
    async *read(name) {
      try {
        yield* linesOf(createReadStream(join(folder, name)))
      } catch (cause) {
        if (codeOf(cause) === "ENOENT") throw new ObjectGone(name, { cause })
        throw unusableFolder(cause)
      }
    },
    put: (name, text) =>
      orUnusable(async () => {
        await removeAbandoned()
        const path = join(folder, name)
        await createFile(path + UNFINISHED, text)
        await rename(path + UNFINISHED, path)
        await syncFolder(folder)
      }),
    remove: (name) => orUnusable(() => rm(join(folder, name), { force: true })),
    close: segment.close,
  }
}

async function orUnusable<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (cause) {
    throw unusableFolder(cause)
  }
}
