import { randomUUID } from "node:crypto"
import { connect } from "./connect.ts"

export interface TestDatabase extends AsyncDisposable {
  url: string
}

/**
 * Creates a database on a running server. Disposing drops it and closes any remaining connections.
 *
 * @param options.template the name of a database to copy. By default the new one is empty.
 */
export async function createTestDatabase(
  serverUrl: string,
  { template }: { template?: string } = {},
): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll("-", "")}`
  await runOnServer(serverUrl, `create database ${name}${template ? ` template ${template}` : ""}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => runOnServer(serverUrl, `drop database ${name} with (force)`),
  }
}

/** Runs a statement in the maintenance database. */
export async function runOnServer(serverUrl: string, statement: string) {
  const sql = connect(serverUrl)
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end()
  }
}
