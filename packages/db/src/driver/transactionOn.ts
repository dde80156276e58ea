import type { Connection } from "./openConnection.ts"
import type { Executor, Statement } from "./sqlClient.ts"

/** Set regardless of the default: each statement must see everything that was committed before it. */
const BEGIN = "begin isolation level read committed"

/**
 * Runs a transaction on a connection.
 *
 * postgres.js's own `begin` can't be used: it would commit or roll back on a lost connection, which ends the process,
 * and would commit after the deadline.
 *
 * @param send refuses after the deadline.
 * @param settings SQL to begin with.
 * @param onBegun called with the answers to that.
 */
export async function transactionOn<Result>(
  connection: Connection,
  {
    settings,
    onBegun = () => {},
    send,
    commit = () => send({ text: "commit" }),
    run,
  }: {
    settings: string
    onBegun?: (answers: unknown) => void
    send: (statement: Statement) => Promise<unknown>
    commit?: () => Promise<unknown>
    run: (tx: Executor) => Promise<Result>
  },
): Promise<Result> {
  /** The first statement's failure. PostgreSQL would answer a commit after it without an error, and roll back. */
  let failure: { error: unknown } | undefined

  async function execute(statement: Statement): Promise<unknown> {
    try {
      return await send(statement)
    } catch (error) {
      failure ??= { error }
      throw error
    }
  }

  function transaction(): Promise<never> {
    throw new TypeError("transactions can't be nested")
  }

  try {
    onBegun(await execute({ text: settings ? `${BEGIN}; ${settings}` : BEGIN, asArrays: true }))
    const result = await run({ execute, transaction })
    if (failure) throw failure.error
    await commit()
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
