import { type FileHandle, open, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { unusableFolder } from "../restoreLogError.ts"
import { syncFolder } from "./durableFile.ts"
import { newName } from "./objectName.ts"

/** A file of the log that one process writes. */
export interface Segment {
  /** Appends lines. They are on the disk, in the folder, when it resolves. @throws {RestoreLogError} */
  append(text: string): Promise<void>
  close(): Promise<void>
}

interface Open {
  path: string
  handle: FileHandle
  /** How much of it is on the disk. */
  bytes: number
  openedAt: number
}

/** How long a process writes to one file. A file that is a day old is certainly complete. */
const LIFETIME_MS = 3_600_000
const MAX_BYTES = 16 * 1024 * 1024

/** @throws if a path no longer leads to an open file, because it was replaced or removed. */
async function requireInPlace(path: string, handle: FileHandle): Promise<void> {
  const [found, written] = await Promise.all([stat(path), handle.stat()])
  if (found.ino !== written.ino || found.dev !== written.dev)
    throw Object.assign(new Error("the file of the log was replaced"), { code: "ESTALE" })
}

/** Writes to its own files in a folder, so that processes share nothing. */
export function createSegment(folder: string): Segment {
  let current: Open | undefined

  async function begin() {
    const path = join(folder, newName(new Date()))
    const handle = await open(path, "ax", 0o600)
    current = { path, handle, bytes: 0, openedAt: Date.now() }
    await syncFolder(folder)
    return current
  }

  async function close() {
    const closing = current
    current = undefined
    await closing?.handle.close().catch(() => {})
  }

  async function write({ path, handle, bytes }: Open, text: string) {
    try {
      // Ends a torn line.
      await handle.appendFile(`\n${text}`)
      await handle.datasync()
    } catch (error) {
      // While the disk is full, each attempt would leave a file.
      if (bytes === 0) await rm(path, { force: true }).catch(() => {})
      throw error
    }
  }

  return {
    async append(text) {
      const age = current ? Date.now() - current.openedAt : 0
      if (current && (age < 0 || age > LIFETIME_MS || current.bytes > MAX_BYTES)) await close()
      try {
        const file = current ?? (await begin())
        await write(file, text)
        await requireInPlace(file.path, file.handle)
        file.bytes += Buffer.byteLength(text)
      } catch (error) {
        // After a failed sync, the file's next one may succeed although data is lost.
        await close()
        throw unusableFolder(error)
      }
    },
    close,
  }
}
