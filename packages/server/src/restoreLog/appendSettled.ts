import { type Database, findChanges } from "@latchkey/db"
import { type RangeLine, signLines } from "./logLine.ts"
import type { LogPlace } from "./look.ts"
import type { Settled } from "./settled.ts"

type OpeningLine = Required<Pick<RangeLine, "history" | "opens" | "to" | "changes">> &
  Pick<RangeLine, "begins">

/**
 * Opens a history in the log before the transaction commits. If the commit fails, the line has no effect, and the next
 * start repeats this.
 */
export async function appendSettled(
  tx: Database,
  { sink, keyring }: LogPlace,
  { deploymentId, ...line }: OpeningLine & { deploymentId: string },
  { isSignedAnew, server }: { isSignedAnew: boolean; server: string },
): Promise<Settled> {
  const { at } = await findChanges(tx, { after: line.to, limit: 1 })
  const from = line.begins ? line.to : line.to - 1
  const lines = signLines({ ...line, deployment: deploymentId, from, at }, keyring)
  await sink.append(lines.map(({ text }) => text).join(""))
  return { deploymentId, history: line.history, server, position: line.to, at, isSignedAnew }
}
