import type { Applied } from "@latchkey/db"
import type { Settled } from "./settled.ts"

const WORDS: Record<keyof Applied, string> = {
  keysRevoked: "keys revoked",
  keysChanged: "keys changed",
  ownersDisabled: "users disabled",
  ownersEnabled: "users enabled",
  ownersErased: "users erased",
  passwordsEnded: "passwords to be reset",
  secondFactorsChanged: "second factors changed",
}

/** What was applied, in words. */
export const describeApplied = (applied: Applied): string =>
  Object.entries(WORDS)
    .map(([name, words]) => `${applied[name as keyof Applied]} ${words}`)
    .join(", ")

/** Tells the operator the outcome of a restore. */
export function reportSettled(
  { applied, refused }: Settled,
  { afterRestore }: { afterRestore: string | undefined },
  log: { warn(message: string): void; info(details: object, message: string): void },
): void {
  if (applied) {
    log.warn(
      `the database lacked changes that the restore log has; applied: ${describeApplied(applied)}; all sessions have ended`,
    )
  }
  if (refused) {
    log.warn(
      `AFTER_RESTORE: ${refused.keys.length} keys and ${refused.owners.length} users of the backup are disabled until somebody ` +
        `enables them; their ids are in ${refused.file} beside the restore log`,
    )
  } else if (afterRestore !== undefined) {
    log.info({}, "AFTER_RESTORE has no effect, as nothing is in doubt; remove it")
  }
}
