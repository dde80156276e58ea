import type { Connection } from "./openConnection.ts"
import type { Executor, Statement } from "./sqlClient.ts"

/** Set regardless of the default: queries rely on seeing what was committed before each statement. */
const BEGIN = "begin isolation level read committed"

/**
 * Runs a transaction on a connection.
 *
 * postgres.js's own `begin` can't be used: it would commit or roll back over a connection that has been lost, which
 * ends the process, and would commit after the time is over.
 *
 * @param send refuses when the time is over.
 * @param settings SQL to begin with.
 */
export async function transactionOn<Result>(
  connection: Connection,
  {
    settings,
    send,
    run,
  }: {
    settings: string
    send: (statement: Statement, mayCommit: boolean) => Promise<unknown>
    run: (tx: Executor) => Promise<Result>
  },
): Promise<Result> {
  /** Of the first statement that failed: PostgreSQL would answer the commit, and roll back. */
  let failure: { error: unknown } | undefined

  async function execute(statement: Statement): Promise<unknown> {
    try {
      return await send(statement, false)
    } catch (error) {
      failure ??= { error }
      throw error
    }
  }

  function transaction(): Promise<never> {
    throw new TypeError("transactions can't be nested")
  }

  try {
    await execute({ text: settings ? `${BEGIN}; ${settings}` : BEGIN })
    const result = await run({ execute, transaction })
    if (failure) throw failure.error
    await send({ text: "commit" }, true)
    return result
  } catch (error) {
    await rollBack(connection)
    throw error
  }
}

async function rollBack(connection: Connection): Promise<void> {
  if (connection.isLost) return
  connection.writeAgain()
  try {
    await connection.send({ text: "rollback" })
  } catch (error) {
    connection.destroy(error instanceof Error ? error : new Error("the transaction could not be rolled back"))
  }
}
