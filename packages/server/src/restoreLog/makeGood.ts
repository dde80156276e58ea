import { randomBytes, randomUUID } from "node:crypto"
import { join } from "node:path"
import {
  type Applied,
  applyChanges,
  beginLog,
  type Database,
  endSignIns,
  findChanges,
  hasNewerThan,
  type LoggedChange,
  type Refused,
  refuseDoubtful,
  settleHistory,
} from "@latchkey/db"
import { appendSettled } from "./appendSettled.ts"
import { createFile, syncFolder } from "./durableFile.ts"
import { headOf } from "./judge.ts"
import { CHANGES_PER_LINE } from "./logLine.ts"
import type { LogPlace, Look } from "./look.ts"
import { readLog } from "./readLog.ts"
import { notAfterRestore } from "./restoreLogError.ts"
import { newName } from "./segment.ts"
import type { Settled } from "./settled.ts"

/** Gives a restored database what the log has. */
export async function restore(
  tx: Database,
  { state, log }: Look,
  { after, ...place }: LogPlace & { after: number },
): Promise<Settled> {
  const deploymentId = state.deploymentId as string
  const head = headOf(log)?.to ?? 0
  const applied = await applyAll(tx, log.changes, after)
  const at = Math.max(state.position, head) + 1
  await settleHistory(tx, { deploymentId, after, at })
  const changes = await readChanges(tx, at)
  await beginLog(tx, { deploymentId, at })
  return { ...(await appendSettled(tx, place, { deploymentId, from: head, to: at, changes }, log)), applied }
}

/** The same for a log that lacks something: what it may lack is refused. @throws {RestoreLogError} */
export async function refuse(
  tx: Database,
  { state, log }: Look,
  { afterRestore, ...place }: LogPlace & { afterRestore: string },
): Promise<Settled> {
  if (await hasNewerThan(tx, afterRestore)) throw notAfterRestore()
  const deploymentId = state.deploymentId ?? log.deployments.at(-1) ?? randomUUID()
  const after = state.deploymentId === null ? -1 : Math.min(state.position, state.loggedTo)
  const known = await readLog(place.folder, { keyring: place.keyring, deploymentId, after })
  const applied = await applyAll(tx, known.changes, after)
  const refused = await refuseDoubtful(tx, { unusableHash: unusableHash() })
  const newest = known.changes.reduce((most, { position }) => Math.max(most, position), state.position)
  const at = Math.max(newest, known.ranges.at(-1)?.to ?? 0) + 1
  await settleHistory(tx, { deploymentId, after, at })
  await beginLog(tx, { deploymentId, at })
  const file = await writeList(place.folder, refused)
  const settled = await appendSettled(
    tx,
    place,
    { deploymentId, begins: true, from: at, to: at, changes: [] },
    log,
  )
  return { ...settled, applied, refused: { ...refused, file } }
}

async function applyAll(tx: Database, changes: readonly LoggedChange[], after: number): Promise<Applied> {
  const applied = await applyChanges(tx, changes, { after, unusableHash: unusableHash() })
  await endSignIns(tx)
  return applied
}

/** A hash in the form of bcrypt that belongs to no known password. */
const unusableHash = () => `$2b$10$${randomBytes(40).toString("base64").replaceAll("+", ".").slice(0, 53)}`

/** The changes at a position that the database had and the log has not. */
async function readChanges(tx: Database, at: number): Promise<LoggedChange[]> {
  const all: LoggedChange[] = []
  let page: NonNullable<Parameters<typeof findChanges>[1]["page"]> | undefined
  do {
    const found = await findChanges(tx, { after: at - 1, limit: CHANGES_PER_LINE, ...(page && { page }) })
    all.push(...found.changes)
    page = found.next ? { to: at, cursor: found.next } : undefined
  } while (page)
  return all
}

/** Stores the ids of what is refused beside the log. @returns the file's name. */
async function writeList(folder: string, refused: Refused): Promise<string> {
  const name = `refused-${newName(new Date()).replace(/-[^-]*$/, "")}.json`
  await createFile(join(folder, name), JSON.stringify(refused))
  await syncFolder(folder)
  return name
}
