import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { connect, type Sql } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { startLatchkey } from "./startLatchkey.ts"

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url))

const LINES = 2_000

/** Makes the import wait for a lock of ours when it comes to this line. */
const HELD_LINE = 600

const HOLD = `
  create function latchkey.hold() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock(4242); return new; end $$;
  create trigger hold before insert on latchkey.api_keys for each row
    when (new.label = 'line ${HELD_LINE}') execute function latchkey.hold()`

async function untilStored(sql: Sql) {
  for (;;) {
    const [{ keys } = { keys: 0 }] = await sql<
      { keys: number }[]
    >`select count(*)::int as keys from latchkey.api_keys`
    if (keys > 0) return keys
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test("an import that was killed is resumed by importing again: no row is duplicated or lost", async () => {
  await using server = await startLatchkey(inject("postgresUrl"))
  await server.latchkey.migrate()
  const folder = await mkdtemp(join(tmpdir(), "latchkey-import-"))
  const sql = connect(server.database.url)
  const holder = connect(server.database.url)
  try {
    const file = join(folder, "keys.ndjson")
    const lines = Array.from({ length: LINES }, (_, index) =>
      JSON.stringify({
        subject: `org_${index % 500}`,
        label: `line ${index + 1}`,
        keyHash: `$2b$10$${String(index).padStart(53, "0")}`,
        start: `sk_live_${String(index).padStart(6, "0")}`,
        keyLength: 44,
      }),
    )
    await writeFile(file, lines.join("\n"))
    const begin = () =>
      spawn(process.execPath, [CLI, "import", file, "--json"], {
        env: { ...process.env, DATABASE_URL: server.database.url },
        stdio: ["ignore", "pipe", "inherit"],
      })

    await sql.unsafe(HOLD)
    await holder`select pg_advisory_lock(4242)`
    const killed = begin()
    const exit = once(killed, "exit")
    const before = await untilStored(sql)
    killed.kill("SIGKILL")
    expect(await exit).toEqual([null, "SIGKILL"])
    expect(before).toBeLessThan(HELD_LINE)
    await holder`select pg_advisory_unlock(4242)`

    const resumed = begin()
    let output = ""
    resumed.stdout.on("data", (chunk) => {
      output += chunk
    })
    expect(await once(resumed, "close")).toEqual([0, null])
    const { imported, present, refused } = JSON.parse(output)
    expect([imported + present, refused]).toEqual([LINES, 0])
    expect(present).toBeGreaterThanOrEqual(before)
    const [counts] = await sql`
      select count(*)::int as keys, count(distinct label)::int as labels,
        (select count(*)::int from latchkey.owners) as owners,
        (select count(*)::int from latchkey.audit_events where kind = 'apiKeyImported') as events
      from latchkey.api_keys`
    expect(counts).toEqual({ keys: LINES, labels: LINES, owners: 500, events: LINES })
  } finally {
    await Promise.all([sql.end(), holder.end()])
    await rm(folder, { recursive: true, force: true })
  }
})
