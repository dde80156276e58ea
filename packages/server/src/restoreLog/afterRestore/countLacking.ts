import { findLatest, type Located, locatedChanges, subjectOf } from "../latestChanges.ts"
import type { LogPlace, Look } from "../look.ts"
import type { Restored } from "./judge.ts"

/** How many subjects of a kind have changes in the log that the database lacks. */
export async function countLacking(
  { sink, keyring }: LogPlace,
  { state }: Pick<Look, "state">,
  { has }: Pick<Restored, "has">,
): Promise<Record<string, number>> {
  const from = { keyring, deploymentId: state.deploymentId ?? "" }
  const lacks = ({ history, change }: Located) => change.position > has(history)
  const latest = await findLatest(sink, {
    ...from,
    keyOf: (located) => (lacks(located) ? subjectOf(located.change) : null),
  })
  const counts: Record<string, number> = {}
  for await (const some of locatedChanges(sink, from)) {
    for (const { change } of some) {
      const subject = subjectOf(change)
      if (latest.positionOf(subject) !== change.position) continue
      latest.forget(subject)
      counts[change.kind] = (counts[change.kind] ?? 0) + 1
    }
  }
  return counts
}
