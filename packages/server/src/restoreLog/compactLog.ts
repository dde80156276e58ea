import { isDeepStrictEqual } from "node:util"
import type { Keyring } from "@latchkey/auth"
import { findMainLine, type Reach } from "./histories.ts"
import { FIRST_HISTORY, type History } from "./history.ts"
import { findLatest, inBatches, type Located, locatedChanges } from "./latestChanges.ts"
import { type RangeLine, type SignedLine, signLines, signPart } from "./logLine.ts"
import type { LogPlace } from "./look.ts"
import { type ReadLog, readLog } from "./readLog.ts"
import { ObjectGone } from "./sinks/logSink.ts"
import { createdAt } from "./sinks/objectName.ts"
import { writeObjects } from "./writeObjects.ts"

/** No process still writes to an object of this age. */
const COMPLETE_MS = 86_400_000

interface Options {
  deploymentId: string
  /** The history that the database is at. */
  history: string
  /** Copies the lines of all objects, so that an earlier secret is no longer needed. */
  signsAnew?: boolean
}

/**
 * Replaces the objects that are complete by others that have the last change of each subject, signed with the current secret. It
 * keeps only the positions of these changes in memory.
 *
 * @returns whether there was anything to do.
 */
export async function compactLog(place: LogPlace, options: Options): Promise<boolean> {
  try {
    return await compact(place, options)
  } catch (error) {
    // Another process is compacting the log.
    if (error instanceof ObjectGone) return false
    throw error
  }
}

async function compact(
  { sink, keyring }: LogPlace,
  { deploymentId, history, signsAnew = false }: Options,
): Promise<boolean> {
  const all = await sink.list()
  const complete = all.filter((name) => createdAt(name) < Date.now() - COMPLETE_MS)
  if (!signsAnew && isMerged(complete)) return false
  const whole = await readLog(sink, { keyring, deploymentId })
  // Another deployment, or a server with an earlier secret, may still need these.
  if (whole.unknownSecret > 0 || whole.deployments.some((id) => id !== deploymentId)) return false
  const copies = signsAnew && !(await isCopied({ sink, keyring }, { deploymentId, whole }))
  if (!copies && isMerged(complete)) return false
  const names = copies ? all : complete
  const from = { keyring, deploymentId, names }
  const { histories, begin } = await readLog(sink, from)
  const keyOf = keyBeside(findMainLine({ historyId: history }, whole))
  const latest = await findLatest(sink, { ...from, keyOf })

  async function* pick() {
    for await (const some of locatedChanges(sink, from)) {
      yield some.filter((located) => {
        const key = keyOf(located)
        if (latest.positionOf(key) !== located.change.position) return false
        // The same change may be in several lines.
        latest.forget(key)
        return true
      })
    }
  }
  const lines = linesOf(pick(), { histories, begin, deploymentId, keyring })
  // Objects that were complete stay complete for the next time.
  const time = copies ? Date.now() : Math.max(...complete.map(createdAt).filter(Number.isFinite))
  await writeObjects(sink, lines, { time })
  for (const name of complete) await sink.remove(name)
  return true
}

/** Whether there is nothing to merge. Objects of one compaction have the same time. */
const isMerged = (names: readonly string[]) => new Set(names.map(createdAt)).size < 2

/** Whether the lines that are signed with the current secret have everything. Each start would copy the log otherwise. */
async function isCopied(
  { sink, keyring: { current } }: LogPlace,
  { deploymentId, whole }: { deploymentId: string; whole: ReadLog },
): Promise<boolean> {
  const keyring = { current, previous: [], find: (id: string) => (id === current.id ? current : undefined) }
  const copied = await readLog(sink, { keyring, deploymentId })
  return isDeepStrictEqual([copied.begin, copied.histories], [whole.begin, whole.histories])
}

/** Changes beyond the main line supersede only each other. */
const keyBeside =
  (main: Reach) =>
  ({ history, change: { kind, id, position } }: Located) =>
    `${history} ${position <= main(history)} ${kind} ${id}`

async function* linesOf(
  changes: AsyncIterable<Located[]>,
  {
    histories,
    begin,
    deploymentId: deployment,
    keyring,
  }: {
    histories: ReadonlyMap<string, History>
    begin: string | null
    deploymentId: string
    keyring: Keyring
  },
): AsyncGenerator<SignedLine> {
  const named = (history: string) => ({ deployment, ...(history !== FIRST_HISTORY && { history }) })
  const parts = new Map<string, string[]>()
  for await (const batch of inBatches(changes)) {
    for (const [history, some] of byHistory(batch)) {
      const part = signPart({ ...named(history), changes: some }, keyring)
      yield part
      parts.set(history, [...(parts.get(history) ?? []), part.mac])
    }
  }
  for (const [id, { ranges, opening, isBare }] of histories) {
    if (opening) yield* signLines(toLine(named(id), opening, id === begin), keyring)
    if (isBare) continue
    const [first, ...others] = ranges
    const macs = parts.get(id)
    if (first)
      yield* signLines({ ...named(id), ...first, ...(macs && { parts: macs }), changes: [] }, keyring)
    for (const range of others) yield* signLines({ ...named(id), ...range, changes: [] }, keyring)
  }
}

function toLine(
  named: Pick<RangeLine, "deployment" | "history">,
  { parent, includes, from, to, at }: NonNullable<History["opening"]>,
  begins: boolean,
) {
  const opens = { parent, includes }
  return { ...named, opens, ...(begins && { begins: true as const }), from, to, at, changes: [] }
}

function byHistory(batch: readonly Located[]): Map<string, Located["change"][]> {
  const groups = new Map<string, Located["change"][]>()
  for (const { history, change } of batch) {
    const group = groups.get(history)
    if (group) group.push(change)
    else groups.set(history, [change])
  }
  return groups
}
