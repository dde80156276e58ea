import type { Sql } from "postgres"
import { DatabaseUnavailable } from "./databaseUnavailable.ts"

/** With what a query may wait before, less than its deadline. */
const UNSENT_MS = 1_000

/** As long as a query's deadline. */
const TRANSACTION_MS = 2_000

/** What a statement of postgres.js has beyond its types. */
interface Statement {
  /** Null until it is written to a connection. */
  state: object | null
  /** Finds it a connection, or queues it. */
  handler: (statement: Statement) => void
  cancel(): void
}

/**
 * Keeps what its caller was told has failed from happening later. postgres.js queues a statement for as long as
 * it takes to get a connection, and sends it then, whoever may still want it: here one that has not been sent in
 * time is withdrawn. A transaction that ran out of time while it went on is rolled back.
 */
export function giveUpLate(client: Sql): void {
  const { unsafe, begin } = client
  let dispatch: Statement["handler"] | undefined

  function dispatchOrWithdraw(statement: Statement) {
    dispatch?.(statement)
    if (statement.state === null) setTimeout(withdraw, UNSENT_MS, statement)
  }

  client.unsafe = ((...args: Parameters<typeof unsafe>) => {
    const statement = unsafe(...args)
    const internals = statement as unknown as Statement
    // The same for every statement that is not of a transaction.
    dispatch ??= internals.handler
    internals.handler = dispatchOrWithdraw
    return statement
  }) as typeof unsafe

  client.begin = ((run: (sql: unknown) => Promise<unknown>) => {
    const startedAt = performance.now()
    return begin(async (sql) => {
      refuseLate(startedAt)
      const result = await run(sql)
      refuseLate(startedAt)
      return result
    })
  }) as typeof begin
}

function withdraw(statement: Statement) {
  // Once sent, to cancel it could hit the statement after it.
  if (statement.state === null) statement.cancel()
}

function refuseLate(startedAt: number) {
  if (performance.now() - startedAt > TRANSACTION_MS) {
    throw new DatabaseUnavailable(`the transaction took longer than ${TRANSACTION_MS} ms`)
  }
}
