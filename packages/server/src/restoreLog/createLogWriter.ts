import { type ChangeLog, type Database, DatabaseUnavailable, markLogged } from "@latchkey/db"
import { FIRST_HISTORY } from "./history.ts"
import { signLines } from "./logLine.ts"
import type { LogPlace } from "./look.ts"
import { readAll } from "./readAll.ts"
import { RestoreLogError } from "./restoreLogError.ts"
import type { SettledLog } from "./settled.ts"
import { withTimeout } from "./withTimeout.ts"

/** The state of a log, as far as this process knows. */
export interface LogStatus {
  /** How many positions of the database the log lacked when it was last looked at. */
  lag: number
  /** For how many seconds it has lacked some; 0 if it lacks none. */
  lagSeconds: number
  failedAppends: number
}

export interface LogWriter extends ChangeLog {
  status(): LogStatus
  /** The history that is written now. */
  current(): SettledLog
  close(): Promise<void>
}

/** How long an answer waits for the log. */
const PATIENCE_MS = 2_000

/** How often to look for changes that no answer waits for, such as changes by hand. */
const EVERY_MS = 1_000

/** How long a server that stops waits for the log. */
const CLOSING_MS = 3_000

/**
 * Appends the changes of the database to the log. Calls under way share one read and one append.
 *
 * @param options.settle brings a database that lacks changes of the log, or has moved, in step again.
 * @param options.onError called with failures to write, and to settle: once until it works again.
 */
export function createLogWriter(
  db: Database,
  settled: SettledLog,
  {
    sink,
    keyring,
    settle,
    onError,
  }: LogPlace & { settle: () => Promise<SettledLog>; onError: (error: unknown) => void },
): LogWriter {
  let known = settled
  let marked = 0
  let replaced: DatabaseUnavailable | undefined
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  let hasFailed = false
  let isClosed = false
  let failedAppends = 0
  let lag = 0
  let laggingSince: number | undefined

  function report(error: unknown) {
    if (!hasFailed && !isClosed) onError(error)
    hasFailed = true
  }

  function note(positions: number) {
    lag = positions
    laggingSince = positions === 0 ? undefined : (laggingSince ?? performance.now())
  }

  function check(base: SettledLog, found: Found) {
    if (isSame(base, found)) return note(found.to - found.from)
    replaced ??= new DatabaseUnavailable("the database may lack changes that the restore log has")
    throw new RestoreLogError("the database may lack changes that the restore log has")
  }

  async function append(base: SettledLog, { from, to, at, deletedTo, changes }: Found): Promise<void> {
    try {
      if (deletedTo > from) throw new RestoreLogError("changes were deleted that the restore log lacks")
      const { deploymentId: deployment, history } = base
      const lines = signLines({ deployment, history, from, to, at, changes }, keyring)
      await sink.append(lines.map(({ text }) => text).join(""))
    } catch (error) {
      failedAppends++
      report(error)
      throw error
    }
  }

  async function appendChanges(): Promise<void> {
    const base = known
    const found = await readAll(db, { after: base.position, check: (first) => check(base, first) })
    if (found.to > found.from) await append(base, found)
    note(0)
    hasFailed = false
    // It may have been settled meanwhile.
    if (known === base) known = { ...base, position: found.to, at: found.at }
  }

  /** Joins a run that has not begun to read. */
  function run(): Promise<void> {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        running = appendChanges()
        return running
      })
    return next
  }

  async function settleAgain() {
    try {
      known = await settle()
      replaced = undefined
      hasFailed = false
    } catch (error) {
      report(error)
    }
  }

  async function look() {
    // Failures are reported where they happen.
    if (!replaced) await run().catch(() => {})
    const { position: to, at } = known
    if (replaced) await settleAgain()
    else if (marked < to) {
      await markLogged(db, { to, at })
      marked = to
    }
  }

  let looking: Promise<void> | undefined
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => {})
      .finally(() => {
        looking = undefined
      })
  }, EVERY_MS).unref()

  return {
    async write() {
      try {
        await withTimeout(run(), PATIENCE_MS, () => {
          const error = new RestoreLogError("the restore log did not answer in time")
          report(error)
          return error
        })
      } catch (cause) {
        throw new DatabaseUnavailable("done, but the restore log does not have it", { cause, begun: true })
      }
    },
    refuseReplaced() {
      if (replaced) throw replaced
    },
    refuseUnwritable() {
      if (hasFailed) throw new DatabaseUnavailable("the restore log can't be written")
    },
    status: () => ({
      lag,
      lagSeconds: laggingSince === undefined ? 0 : (performance.now() - laggingSince) / 1_000,
      failedAppends,
    }),
    current: () => known,
    async close() {
      clearInterval(timer)
      const last = (looking ?? Promise.resolve()).then(look)
      await withTimeout(last, CLOSING_MS, () => new Error("too late")).catch(() => {})
      isClosed = true
    },
  }
}

type Found = Awaited<ReturnType<typeof readAll>>

/** Whether a database is the one whose changes the log has, and continues the same history. */
const isSame = (known: SettledLog, found: Found) =>
  found.deploymentId === known.deploymentId &&
  (found.historyId ?? FIRST_HISTORY) === known.history &&
  found.server === known.server &&
  found.to >= known.position &&
  found.lastAt === known.at
