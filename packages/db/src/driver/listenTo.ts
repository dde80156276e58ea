import { setTimeout as sleep } from "node:timers/promises"
import { quoteIdentifier } from "../schemaName.ts"
import type { Connection } from "./openConnection.ts"

const PAUSE_MS = 1_000

/**
 * Listens to a channel over a separate connection, which is opened again when it is lost. There are no notifications
 * behind a pooler that runs each statement on another connection.
 *
 * @param connect opens the connection, which calls back on notifications.
 * @returns a function that ends it.
 */
export function listenTo(channel: string, connect: () => Promise<Connection>): () => void {
  const isOver = new AbortController()
  let connection: Connection | undefined

  async function listen(): Promise<void> {
    connection = await connect()
    if (!connection.keepsSettings) isOver.abort()
    if (isOver.signal.aborted) return connection.close()
    connection.unref()
    await connection.send({ text: `listen ${quoteIdentifier(channel)}` })
    await connection.whenLost
  }

  async function keepListening() {
    while (!isOver.signal.aborted) {
      await listen().catch(() => {})
      await sleep(PAUSE_MS, undefined, { signal: isOver.signal, ref: false }).catch(() => {})
    }
  }

  void keepListening()
  return () => {
    isOver.abort()
    void connection?.close()
  }
}
