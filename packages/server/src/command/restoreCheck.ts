import { createKeyring } from "@latchkey/auth"
import type { LoggedChange } from "@latchkey/db"
import type { Judgement } from "../restoreLog/judge.ts"
import { type LogPlace, type Look, look } from "../restoreLog/look.ts"
import { RestoreLogError } from "../restoreLog/restoreLogError.ts"
import { settleLog } from "../restoreLog/settleLog.ts"
import { defineCommand, failure } from "./command.ts"
import { readRestoreLog } from "./env.ts"
import { withCurrentDatabase } from "./withDatabase.ts"

const SAYS: Record<Judgement["is"], string> = {
  new: "there is no log yet; the next start of a server begins it",
  inStep: "the database has everything that the restore log has",
  restored: "the database lacks changes of the restore log; the next start of a server applies them",
  doubt: "the restore log and the database are not in step, and no server starts",
}

/** How many changes of a kind there are. */
function countByKind(changes: readonly LoggedChange[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of changes) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
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
        return describe(await handle.runLong((tx) => look(tx, place)))
      })
    } catch (error) {
      if (error instanceof RestoreLogError) throw failure(`RESTORE_LOG: ${error.message}`)
      throw error
    }
  },
})

function placeOf(variables: NodeJS.ProcessEnv): LogPlace {
  const { folder, secret, previous } = readRestoreLog(variables)
  if (folder === undefined) throw failure("RESTORE_LOG: expected the folder of the log")
  if (secret === undefined) throw failure("AUTH_SECRET: expected the secret of the server")
  return { folder, keyring: createKeyring({ current: secret, previous }) }
}

function describe({ judgement, log, state }: Look) {
  const because = judgement.is === "doubt" ? judgement.because : undefined
  const changes = judgement.is === "restored" ? countByKind(log.changes) : undefined
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
      logPosition: log.ranges.at(-1)?.to ?? null,
      databasePosition: state.position,
      unreadableLines: log.unreadable + log.unknownSecret,
    },
  } as const
}
