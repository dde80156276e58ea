import type { Sql } from "postgres"

export interface Statement {
  text: string
  params?: unknown[]
  /** Whether PostgreSQL should keep the parsed statement. */
  prepare?: boolean
  asArrays?: boolean
}

export interface Executor {
  execute(statement: Statement): Promise<unknown>
  transaction<Result>(run: (tx: Sql) => Promise<Result>): Promise<Result>
}

/** Passes values to and from Drizzle as text, on every connection. Drizzle converts them itself. */
export const codecs: Pick<Sql["options"], "parsers" | "serializers"> = { parsers: {}, serializers: {} }

/** The part of a postgres.js client that Drizzle uses. It gives every statement to an executor. */
export function sqlClient({ execute, transaction }: Executor): Sql {
  function unsafe(text: string, params: unknown[], options?: { prepare?: boolean }) {
    const statement: Statement = { text, params, prepare: options?.prepare ?? false }
    // Deferred, so that the caller can still choose rows as arrays.
    const answer = Promise.resolve().then(() => execute(statement))
    return Object.assign(answer, {
      values() {
        statement.asArrays = true
        return answer
      },
    })
  }
  return { options: codecs, unsafe, begin: transaction } as unknown as Sql
}
