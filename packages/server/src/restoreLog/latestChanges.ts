import { hash } from "node:crypto"
import type { Keyring } from "@latchkey/auth"
import type { LoggedChange } from "@latchkey/db"
import { CHANGES_AT_ONCE } from "./readAll.ts"
import { historyOf } from "./readLog.ts"
import { scanLog } from "./scanLog.ts"
import type { LogSink } from "./sinks/logSink.ts"

/** A change, and the history that its position belongs to. */
export interface Located {
  history: string
  change: LoggedChange
}

interface Options {
  keyring: Keyring
  deploymentId: string
  names?: readonly string[]
}

/** Identifies the subject and the kind of a change. */
export const subjectOf = ({ kind, id }: LoggedChange) => `${kind} ${id}`

/** All changes of a deployment, line by line. */
export async function* locatedChanges(
  sink: LogSink,
  { keyring, deploymentId, names }: Options,
): AsyncGenerator<Located[]> {
  for await (const { line } of scanLog({ sink, keyring }, { names })) {
    const history = historyOf(line)
    if (line.deployment === deploymentId && line.changes.length > 0)
      yield line.changes.map((change) => ({ history, change }))
  }
}

/** The last change for each key. */
export interface Latest {
  /** The position of the last change with a key; undefined if there is none. */
  positionOf(key: string): number | undefined
  /** Forgets a key. */
  forget(key: string): void
}

/** A short stand-in for a key, because there may be millions of keys. */
const shorten = (key: string) => hash("sha256", key, "buffer").toString("latin1", 0, 16)

/**
 * Finds the last change for each key. Keeps only the positions in memory.
 *
 * @param options.keyOf returns null for changes that do not matter.
 */
export async function findLatest(
  sink: LogSink,
  { keyOf, ...options }: Options & { keyOf: (located: Located) => string | null },
): Promise<Latest> {
  const latest = new Map<string, number>()
  for await (const all of locatedChanges(sink, options)) {
    for (const located of all) {
      const key = keyOf(located)
      if (key === null) continue
      const short = shorten(key)
      const { position } = located.change
      if (position > (latest.get(short) ?? -1)) latest.set(short, position)
    }
  }
  return {
    positionOf: (key) => latest.get(shorten(key)),
    forget: (key) => void latest.delete(shorten(key)),
  }
}

/** Collects items into batches of moderate size. */
export async function* inBatches<Item>(all: AsyncIterable<Item[]>): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const some of all) {
    for (const item of some) {
      batch.push(item)
      if (batch.length < CHANGES_AT_ONCE) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}
