import { existsSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

/**
 * Returns a folder for all test files of a run that ask for this name. The first of them fills it, while the others wait.
 *
 * @param runFolder the folder of the run, which removes it at its end.
 * @throws {Error} if it could not be filled.
 */
export async function sharedFolder(
  runFolder: string,
  name: string,
  fill: (folder: string) => Promise<unknown>,
): Promise<string> {
  const folder = join(runFolder, name)
  const [filled, failed] = [`${folder}.filled`, `${folder}.failed`]
  try {
    await mkdir(folder)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
    while (!existsSync(filled)) {
      if (existsSync(failed)) throw new Error(`another test file could not fill the shared folder ${name}`)
      await sleep(100)
    }
    return folder
  }
  try {
    await fill(folder)
    await writeFile(filled, "")
  } catch (error) {
    await writeFile(failed, "")
    throw error
  }
  return folder
}
