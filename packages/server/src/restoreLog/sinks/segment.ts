import { type FileHandle, open, stat } from "node:fs/promises"
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
  let current: { path: string; handle: FileHandle; bytes: number; openedAt: number } | undefined

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

  return {
    async append(text) {
      const age = current ? Date.now() - current.openedAt : 0
      if (current && (age < 0 || age > LIFETIME_MS || current.bytes > MAX_BYTES)) await close()
      try {
        const file = current ?? (await begin())
        // Ends a torn line.
        await file.handle.appendFile(`\n${text}`)
        await file.handle.datasync()
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
