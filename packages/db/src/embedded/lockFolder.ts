import { open } from "node:fs/promises"
import { join } from "node:path"
import { DataFolderInUse } from "./dataFolderInUse.ts"

/**
 * Locks a folder for this process. The operating system holds the lock, so it ends with the process, however that
 * ends; a file with a process id in it would outlive a `kill -9`.
 *
 * @returns a function that unlocks it.
 * @throws {DataFolderInUse}
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const { tryLock } = await import("fs-native-extensions")
  const file = await open(join(folder, "lock"), "a+", 0o600)
  try {
    // Anyone who can read the file can lock it, and so prevent a start.
    await file.chmod(0o600)
    if (!tryLock(file.fd)) throw new DataFolderInUse(folder)
    return () => file.close()
  } catch (error) {
    await file.close()
    throw error
  }
}
