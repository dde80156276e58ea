import { createKeyring } from "@latchkey/auth"
import { countLacking } from "../restoreLog/afterRestore/countLacking.ts"
import type { Judgement } from "../restoreLog/afterRestore/judge.ts"
import { highestIn } from "../restoreLog/histories.ts"
import { type LogPlace, type Look, look } from "../restoreLog/look.ts"
import { RestoreLogError } from "../restoreLog/restoreLogError.ts"
import { settleLog } from "../restoreLog/settleLog.ts"
import { openSink } from "../restoreLog/sinks/openSink.ts"
import { findPlaceProblem } from "../restoreLog/sinks/place.ts"
import { defineCommand, failure } from "./command.ts"
import { readRestoreLog } from "./env.ts"
import { withCurrentDatabase } from "./withDatabase.ts"

const SAYS: Record<Judgement["is"], string> = {
  new: "there is no log yet; the next start of a server begins it",
  inStep: "the database has everything that the restore log has",
  moved: "the database is on another server, or was promoted, and has everything that the restore log has",
  restored: "the database lacks changes of the restore log; the next start of a server applies them",
  doubt: "the restore log and the database are not in step, and no server starts",
}

/**
 * `restore-check [--begin-anew] [--json]`: compares the restore log with the database that the environment names. Exits with
 * 2 if a restore is to be made good at the next start, with 1 if something is in doubt.
 */
export const restoreCheck = defineCommand({
  about: "Tells whether the database has everything that the restore log has, without changing anything.",
  options: {
    "begin-anew": {
      type: "boolean",
      about:
        "begin the log anew for a database that was not restored, if the log was lost or the database copied",
    },
  },
  exitsWith2: "the database was restored, and the next start of a server applies the log",
  subject: "the check",
  async run({ options }, { variables }) {
    const place = placeOf(variables)
    try {
      return await withCurrentDatabase(variables, async (handle) => {
        if (options["begin-anew"]) await settleLog(handle, { ...place, beginsAnew: true })
        const found = await handle.runLong((tx) => look(tx, place))
        const { judgement } = found
        const changes = judgement.is === "restored" ? await countLacking(place, found, judgement) : undefined
        return describe(found, changes)
      })
    } catch (error) {
      if (error instanceof RestoreLogError) throw failure(`RESTORE_LOG: ${error.message}`)
      throw error
    } finally {
      await place.sink.close()
    }
  },
})

function placeOf(variables: NodeJS.ProcessEnv): LogPlace {
  const { place, token, secret, previous } = readRestoreLog(variables)
  const problem = findPlaceProblem(place ?? "")
  if (place === undefined || problem !== undefined) throw failure(`RESTORE_LOG: ${problem}`)
  if (secret === undefined) throw failure("AUTH_SECRET: expected the secret of the server")
  return {
    sink: openSink(place, { token, environment: variables }),
    keyring: createKeyring({ current: secret, previous }),
  }
}

function describe({ judgement, log, state }: Look, changes?: Record<string, number>) {
  const because = judgement.is === "doubt" ? judgement.because : undefined
  const found = changes && Object.entries(changes).map(([kind, count]) => `${kind}: ${count}`)
  const line = [SAYS[judgement.is], because ?? found?.join(", ")].filter(Boolean).join(": ")
  return {
    exitCode: judgement.is === "doubt" ? 1 : judgement.is === "restored" ? 2 : 0,
    lines: judgement.is === "doubt" ? [] : [line],
    errors: judgement.is === "doubt" ? [line] : [],
    json: {
      result: judgement.is,
      ...(because !== undefined && { because }),
      ...(changes && { changes }),
      logPosition: log.histories.size > 0 ? highestIn(log) : null,
      databasePosition: state.position,
      unreadableLines: log.unreadable + log.unknownSecret,
    },
  } as const
}
