import { type Database, findChanges } from "@latchkey/db"
import { type RangeLine, signLines } from "./logLine.ts"
import type { LogPlace } from "./look.ts"
import { createSegment } from "./segment.ts"
import type { Settled } from "./settled.ts"

/**
 * Writes before the transaction commits. If that fails, the log has a line about nothing, and the next start does the same
 * again.
 */
export async function appendSettled(
  tx: Database,
  { folder, keyring }: LogPlace,
  { deploymentId, ...line }: Omit<RangeLine, "v" | "deployment" | "at"> & { deploymentId: string },
  { isSignedAnew }: { isSignedAnew: boolean },
): Promise<Settled> {
  const { at } = await findChanges(tx, { after: line.to, limit: 1 })
  const segment = createSegment(folder)
  try {
    const lines = signLines({ ...line, deployment: deploymentId, at }, keyring)
    await segment.append(lines.map(({ text }) => text).join(""))
  } finally {
    await segment.close()
  }
  return { deploymentId, position: line.to, at, isSignedAnew }
}
