import { open, rm } from "node:fs/promises"

/**
 * Creates a file that only this user may read. Its text is on the disk when it resolves. If that fails, no part of the
 * file keeps space that others need.
 *
 * @throws if the file exists.
 */
export async function createFile(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx", 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

/** Syncs the entries of a folder. Windows has no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
