import { randomUUID } from "node:crypto"
import { connect } from "./connect.ts"

export interface TestDatabase extends AsyncDisposable {
  url: string
}

/** An empty database of its own on a running server; disposing drops it, with whoever is still connected. */
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
