import { open } from "node:fs/promises"
import { join } from "node:path"
import { tryLock } from "fs-native-extensions"
import { DataFolderInUse } from "./dataFolderInUse.ts"

/**
 * Locks a folder for this process. The operating system holds the lock, so it ends with the process however
 * that dies; a file with a process id in it would outlive a `kill -9`.
 *
 * @returns what unlocks it.
 * @throws {DataFolderInUse}
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = await open(join(folder, "lock"), "a+", 0o600)
  try {
    // Whoever may read the file may lock it, and so keep us from starting.
    await file.chmod(0o600)
    if (!tryLock(file.fd)) throw new DataFolderInUse(folder)
    return () => file.close()
  } catch (error) {
    await file.close()
    throw error
  }
}
