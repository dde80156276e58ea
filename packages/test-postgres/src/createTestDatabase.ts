import { randomUUID } from "node:crypto"
import { connect, type Sql } from "./connect.ts"

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
  const sql = connect(serverUrl)
  try {
    await sql.unsafe(
      `create database ${name}${template ? ` template ${template} ${await copying(sql)}` : ""}`,
    )
  } finally {
    await sql.end()
  }
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => runOnServer(serverUrl, `drop database ${name} with (force)`),
  }
}

/** Copying a template's files takes half the CPU time of logging its pages. PostgreSQL 14 does nothing else. */
async function copying(sql: Sql) {
  const [server] = await sql<
    { version: number }[]
  >`select current_setting('server_version_num')::int as version`
  return Number(server?.version) < 150_000 ? "" : "strategy file_copy"
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
