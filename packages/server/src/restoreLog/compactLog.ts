import { rename, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Keyring } from "@latchkey/auth"
import { createFile, syncFolder } from "./durableFile.ts"
import { signLines } from "./logLine.ts"
import type { LogPlace } from "./look.ts"
import { listFiles, type ReadLog, readLog } from "./readLog.ts"
import { codeOf } from "./restoreLogError.ts"
import { createdAt, newName } from "./segment.ts"

/** No process writes to a file that is so old. */
const COMPLETE_MS = 86_400_000

/**
 * Replaces the files that are complete by one that has the last change of each subject, signed with the current secret.
 *
 * @param options.signsAnew copies the lines of all files, so that an earlier secret is no longer needed.
 */
export async function compactLog(
  { folder, keyring }: LogPlace,
  { deploymentId, signsAnew = false }: { deploymentId: string; signsAnew?: boolean },
): Promise<void> {
  const all = await listFiles(folder)
  const complete = all.filter((name) => createdAt(name) < Date.now() - COMPLETE_MS)
  const files = signsAnew ? all : complete
  if (files.length < (signsAnew ? 1 : 2)) return
  const log = await readLog(folder, { keyring, deploymentId, after: -1, files }).catch(giveWay)
  if (!log) return
  // Nothing is deleted that another deployment, or an earlier secret, could still need.
  if (log.unknownSecret > 0 || log.deployments.some((id) => id !== deploymentId)) return
  // What was complete stays so, for the next time.
  const time = signsAnew ? new Date() : new Date(Math.max(...files.map(createdAt).filter(Number.isFinite)))
  await writeFile(folder, newName(time), linesOf(log, deploymentId, keyring))
  for (const name of complete) await rm(join(folder, name), { force: true })
}

/** If a file is gone, another process is compacting the log. */
function giveWay(error: unknown): undefined {
  if (!(error instanceof Error && codeOf(error.cause) === "ENOENT")) throw error
}

function linesOf({ begin, ranges, changes }: ReadLog, deployment: string, keyring: Keyring): string {
  const [first, ...others] = ranges
  if (!first) return ""
  const none = { deployment, changes: [] }
  return [
    ...(begin ? signLines({ ...none, begins: true, ...begin }, keyring) : []),
    ...signLines({ deployment, ...first, changes }, keyring),
    ...others.flatMap((range) => signLines({ ...none, ...range }, keyring)),
  ]
    .map(({ text }) => text)
    .join("")
}

async function writeFile(folder: string, name: string, text: string): Promise<void> {
  if (text === "") return
  const path = join(folder, name)
  await createFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
  await syncFolder(folder)
}
