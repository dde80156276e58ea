import { randomUUID } from "node:crypto"
import { connect } from "./connect.ts"

export interface TestDatabase extends AsyncDisposable {
  url: string
}

/** Creates an empty database on a running server. Disposing drops it and closes any remaining connections. */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll("-", "")}`
  await runOnServer(serverUrl, `create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => runOnServer(serverUrl, `drop database ${name} with (force)`),
  }
}

async function runOnServer(serverUrl: string, statement: string) {
  const sql = connect(serverUrl)
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end()
  }
}
