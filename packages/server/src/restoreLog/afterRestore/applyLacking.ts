import { randomBytes } from "node:crypto"
import {
  type Applied,
  applyChanges,
  type Database,
  endSignIns,
  findOwnChanges,
  type LoggedChange,
} from "@latchkey/db"
import { findMainLine, type Reach } from "../histories.ts"
import { findLatest, inBatches, type Located, locatedChanges, subjectOf } from "../latestChanges.ts"
import type { LogPlace, Look } from "../look.ts"

interface Lacking {
  deploymentId: string
  /** The log has all of the database's own changes up to this position. */
  after: number
  /** The changes that the database has. */
  has: Reach
}

/**
 * Applies the changes of the log that a database lacks, a batch at a time. Changes by servers that had already been
 * replaced only take rights away, because their order among the others is unknown.
 */
export async function applyLacking(
  tx: Database,
  { state, log }: Pick<Look, "state" | "log">,
  { sink, keyring, deploymentId, after, has }: LogPlace & Lacking,
): Promise<Applied> {
  const main = findMainLine(state, log)
  const lacks = ({ history, change }: Located) => change.position > has(history)
  const isMain = ({ history, change }: Located) => change.position <= main(history)
  const from = { keyring, deploymentId }
  const latest = await findLatest(sink, {
    ...from,
    keyOf: (located) => (lacks(located) && isMain(located) ? subjectOf(located.change) : null),
  })
  const includedAt = inclusionsOf(log, main)

  async function* pick(wants: (located: Located) => boolean) {
    for await (const all of locatedChanges(sink, from)) yield all.filter(wants).map(({ change }) => change)
  }
  const isLatest = (located: Located) =>
    lacks(located) &&
    isMain(located) &&
    latest.positionOf(subjectOf(located.change)) === located.change.position
  const isContested = (located: Located) =>
    lacks(located) &&
    !isMain(located) &&
    !((latest.positionOf(subjectOf(located.change)) ?? -1) >= includedAt(located))

  const own = await findOwnChanges(tx, { after })
  const unusable = unusableHash()
  let sum: Applied | undefined
  async function apply(changes: LoggedChange[], contested: (id: string) => boolean) {
    sum = add(sum, await applyChanges(tx, changes, { isContested: contested, unusableHash: unusable }))
  }
  for await (const changes of inBatches(pick(isLatest))) await apply(changes, (id) => own.has(id))
  for await (const changes of pick(isContested)) if (changes.length > 0) await apply(changes, () => true)
  await endSignIns(tx)
  return sum ?? applyChanges(tx, [], { isContested: () => true, unusableHash: unusable })
}

/** Where the main line took over a change of another history. Its own changes from there on are newer. */
function inclusionsOf({ histories }: Look["log"], main: Reach): (located: Located) => number {
  const openings = [...histories].flatMap(([id, { opening }]) => (opening && main(id) >= 0 ? opening : []))
  return ({ history, change }) =>
    openings
      .filter(({ includes }) => (includes[history] ?? -1) >= change.position)
      .reduce((first, { to }) => Math.min(first, to), Number.POSITIVE_INFINITY)
}

function add(sum: Applied | undefined, more: Applied): Applied {
  const total = { ...more }
  for (const name of Object.keys(total) as (keyof Applied)[]) total[name] += sum?.[name] ?? 0
  return total
}

/** A hash in the form of bcrypt that belongs to no known password. */
export const unusableHash = () =>
  `$2b$10$${randomBytes(40).toString("base64").replaceAll("+", ".").slice(0, 53)}`
