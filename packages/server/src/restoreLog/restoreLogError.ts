import { codeOf } from "@latchkey/db"

/** The restore log keeps the server from serving. The message says why, without secrets. */
export class RestoreLogError extends Error {
  override name = "RestoreLogError"
}

/** The code of an error or of its cause, or else its type, which say nothing of its content. */
export const reasonOf = (error: unknown): string =>
  codeOf(error) ?? (error instanceof Error ? error.name : "unknown error")

/** A failure of the log's folder. */
export const unusableFolder = (cause: unknown) =>
  new RestoreLogError(
    `expected a folder that can be read and written (${codeOf(cause) ?? "unknown error"})`,
    {
      cause,
    },
  )

/** A variable that is left over from another restore, or names another time. */
export const notAfterRestore = () =>
  new RestoreLogError(
    "AFTER_RESTORE: expected the time of the backup, or a later one; this database has keys or users that were created since",
  )

/** The log and the database can't be brought in step without a person. */
export const inDoubt = (because: string, isForeign = false) =>
  new RestoreLogError(
    `the restore log and the database are not in step: ${because}; ${
      isForeign ? "name another place" : "see docs/restore.md, and latchkey restore-check"
    }`,
  )
