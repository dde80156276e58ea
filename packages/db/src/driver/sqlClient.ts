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

/** How drizzle has values written and read, whichever connection they take: as text, which it converts itself. */
export const codecs: Pick<Sql["options"], "parsers" | "serializers"> = { parsers: {}, serializers: {} }

/** What drizzle uses of a client of postgres.js, and no more, with every statement given to an executor. */
export function sqlClient({ execute, transaction }: Executor): Sql {
  function unsafe(text: string, params: unknown[], options?: { prepare?: boolean }) {
    const statement: Statement = { text, params, prepare: options?.prepare ?? false }
    // Deferred until the caller has chosen the form of the rows.
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
