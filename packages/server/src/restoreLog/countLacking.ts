import type { Restored } from "./judge.ts"
import { findLatest } from "./latestChanges.ts"
import type { LogPlace, Look } from "./look.ts"

/** How many subjects of a kind have changes in the log that the database lacks. */
export async function countLacking(
  { sink, keyring }: LogPlace,
  { state }: Pick<Look, "state">,
  { has }: Pick<Restored, "has">,
): Promise<Record<string, number>> {
  const latest = await findLatest(sink, {
    keyring,
    deploymentId: state.deploymentId ?? "",
    keyOf: ({ history, change: { kind, id, position } }) =>
      position > has(history) ? `${kind} ${id}` : null,
  })
  const counts: Record<string, number> = {}
  for (const key of latest.keys()) {
    const [kind = ""] = key.split(" ")
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}
