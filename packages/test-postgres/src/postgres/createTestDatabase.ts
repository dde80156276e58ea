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
  if (template) await copyDatabase(serverUrl, template, name)
  else await runOnServer(serverUrl, `create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => runOnServer(serverUrl, `drop database ${name} with (force)`),
  }
}

/**
 * Copies a database to which nobody is connected. Copying its files takes half the CPU time of logging its pages, which
 * PostgreSQL 14 can't do.
 */
export async function copyDatabase(serverUrl: string, from: string, to: string) {
  const sql = connect(serverUrl)
  try {
    const [server] = await sql`select current_setting('server_version_num')::int >= 150000 as "hasStrategies"`
    await sql.unsafe(
      `create database ${to} template ${from}${server?.hasStrategies ? " strategy file_copy" : ""}`,
    )
  } finally {
    await sql.end()
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
