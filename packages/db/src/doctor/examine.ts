import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { codeOf } from "../driver/causesOf.ts"
import { write } from "../query.ts"
import type { Need } from "./need.ts"
import { NEEDS, TABLES } from "./needs.ts"

export interface Finding extends Pick<Need, "name" | "purpose" | "isOptional"> {
  /** The SQLSTATE of the failure; null if the need is met. */
  failure: string | null
}

class Undo extends Error {}

/** Runs statements in a transaction that leaves nothing behind. */
const tryOut = write(async (db, statements: readonly string[]): Promise<void> => {
  await db
    .transaction(async (tx) => {
      for (const statement of statements) await tx.execute(sql.raw(statement))
      throw new Undo()
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error
    })
})

/**
 * Tries everything that Latchkey's SQL needs on a database, with temporary tables in transactions that are rolled back.
 *
 * @throws {DatabaseUnavailable} if the database can't be reached, or lets the role create no temporary tables.
 */
export async function examineDatabase(db: Database): Promise<Finding[]> {
  await tryOut(db, TABLES)
  const findings: Finding[] = []
  for (const need of NEEDS) {
    const { statements, refusal, ...described } = need
    const failure = await failureOf(db, [...statements, ...(refusal ? [refusal.statement] : [])])
    findings.push({ ...described, failure: refusal ? compare(failure, refusal.code) : failure })
  }
  return findings
}

const failureOf = (db: Database, statements: readonly string[]): Promise<string | null> =>
  tryOut(db, [...TABLES, ...statements]).then(
    () => null,
    (error: unknown) => codeOf(error) ?? (error instanceof DatabaseUnavailable ? "unavailable" : "unknown"),
  )

/** Null if the statement was refused, as it has to be. */
function compare(failure: string | null, expected: string): string | null {
  if (failure === expected) return null
  return failure ?? "not enforced"
}
