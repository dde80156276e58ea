import type { Keyring } from "@latchkey/auth"
import { createHistoryReader, FIRST_HISTORY, type History } from "./history.ts"
import type { LogLine } from "./logLine.ts"
import { scanLog, type Unread } from "./scanLog.ts"
import type { LogSink } from "./sinks/logSink.ts"

/** The contents of a restore log. */
export interface ReadLog extends Unread {
  /** The deployments that have more than a beginning in it, the latest one last. */
  deployments: string[]
  /** The history at whose beginning the log began; null if that is missing. */
  begin: string | null
  /** By id. */
  histories: ReadonlyMap<string, History>
  /** Where all rows of a table were deleted at once, which the log can't repeat. */
  emptied: { history: string; position: number }[]
  /** Whether all lines are signed with the current secret. */
  isSignedAnew: boolean
}

export const historyOf = ({ history = FIRST_HISTORY }: Pick<LogLine, "history">) => history

interface ReadOptions {
  keyring: Keyring
  /** The deployment whose lines count. */
  deploymentId: string | null
  /** By default, all objects. */
  names?: readonly string[]
}

/** Reads which changes a log has, without the changes themselves. Throws as `scanLog` does. */
export async function readLog(
  sink: LogSink,
  { keyring, deploymentId, names }: ReadOptions,
): Promise<ReadLog> {
  const unread: Unread = { unreadable: 0, unknownSecret: 0 }
  const deployments = new Set<string>()
  const readers = new Map<string, ReturnType<typeof createHistoryReader>>()
  const parts = new Set<string>()
  const emptied: ReadLog["emptied"] = []
  let isSignedAnew = true

  for await (const { line, mac, isCurrent } of scanLog({ sink, keyring }, { names, unread })) {
    isSignedAnew &&= isCurrent
    if (!("begins" in line)) {
      deployments.delete(line.deployment)
      deployments.add(line.deployment)
    }
    if (line.deployment !== deploymentId) continue
    const history = historyOf(line)
    for (const { kind, position } of line.changes)
      if (kind === "everything") emptied.push({ history, position })
    const reader = readers.get(history) ?? createHistoryReader()
    readers.set(history, reader)
    if ("to" in line) reader.take(line)
    else parts.add(mac)
  }

  const histories = new Map<string, History>()
  for (const [id, reader] of readers) {
    const { history, torn } = reader.end(parts)
    unread.unreadable += torn
    if (history) histories.set(id, history)
  }
  return {
    deployments: [...deployments],
    begin: beginOf(histories),
    histories,
    emptied,
    ...unread,
    isSignedAnew,
  }
}

/** A later beginning replaces an earlier one. */
function beginOf(histories: ReadonlyMap<string, History>): string | null {
  const begins = [...histories].flatMap(([id, { opening }]) =>
    opening?.begins ? { id, to: opening.to } : [],
  )
  return begins.sort((a, b) => b.to - a.to)[0]?.id ?? null
}
