import { randomUUID } from "node:crypto"
import { type Database, hasNewerThan, type Refused, refuseDoubtful } from "@latchkey/db"
import { reachOf } from "../histories.ts"
import type { LogPlace, Look } from "../look.ts"
import { openHistory } from "../openHistory.ts"
import { readLog } from "../readLog.ts"
import { notAfterRestore } from "../restoreLogError.ts"
import type { Settled } from "../settled.ts"
import { newName } from "../sinks/objectName.ts"
import { applyLacking, unusableHash } from "./applyLacking.ts"
import type { Restored } from "./judge.ts"

/** Applies the changes of the log to a restored database. */
export async function restore(
  tx: Database,
  found: Look,
  { after, has, ...place }: LogPlace & Omit<Restored, "is">,
): Promise<Settled> {
  const deploymentId = found.state.deploymentId as string
  const applied = await applyLacking(tx, found, { ...place, deploymentId, after, has })
  return { ...(await openHistory(tx, found, { ...place, deploymentId, after })), applied }
}

/** The same for a log that lacks changes: the keys and users they may concern are refused. @throws {RestoreLogError} */
export async function refuse(
  tx: Database,
  { state, log: read }: Look,
  { afterRestore, ...place }: LogPlace & { afterRestore: string },
): Promise<Settled> {
  if (await hasNewerThan(tx, afterRestore)) throw notAfterRestore()
  const deploymentId = state.deploymentId ?? read.deployments.at(-1) ?? randomUUID()
  const log = await readLog(place.sink, { keyring: place.keyring, deploymentId })
  const after = state.deploymentId === null ? -1 : Math.min(state.position, state.loggedTo)
  const has = reachOf(state, log, after)
  const applied = await applyLacking(tx, { state, log }, { ...place, deploymentId, after, has })
  const refused = await refuseDoubtful(tx, { unusableHash: unusableHash() })
  const file = await writeList(place, refused)
  const settled = await openHistory(tx, { state, log }, { ...place, deploymentId, after, begins: true })
  return { ...settled, applied, refused: { ...refused, file } }
}

/** Stores the ids of refused keys and users beside the log. @returns the object's name. */
async function writeList({ sink }: LogPlace, refused: Refused): Promise<string> {
  const name = `refused-${newName(new Date()).replace(/-[^-]*$/, "")}.json`
  await sink.put(name, JSON.stringify(refused))
  return name
}
