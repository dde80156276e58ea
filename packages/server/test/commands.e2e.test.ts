import { spawn } from "node:child_process"
import { once } from "node:events"
import { openSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { startLatchkey } from "./startLatchkey.ts"

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url))

function begin(args: readonly string[], variables: NodeJS.ProcessEnv = {}, stdout: "pipe" | number = "pipe") {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...variables },
    stdio: ["ignore", stdout, "pipe"],
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => output.push(String(chunk)))
  return { child, output, closed: once(child, "close") }
}

test("a command that takes a right away ends only once the lease of a lost instance has ended", async () => {
  await using server = await startLatchkey(inject("postgresUrl"))
  await server.latchkey.migrate()
  await server.latchkey.as({ subject: "org_1" }).apiKeys.create({ label: "nightly import" })
  const sql = connect(server.database.url)
  try {
    await sql`update latchkey.authority set longest_lease = 10000`
    await sql`insert into latchkey.leases (instance_id, token, applied, length)
      values (gen_random_uuid(), gen_random_uuid(), -1, 10000)`
    const { child, output, closed } = begin(["users", "disable", "org_1", "--issuer", "host"], {
      DATABASE_URL: server.database.url,
    })
    await expect
      .poll(() => sql`select from latchkey.owners where disabled_at is not null`, { timeout: 30_000 })
      .toHaveLength(1)
    expect([child.exitCode, output]).toEqual([null, []])

    await sql`delete from latchkey.leases`
    expect(await closed).toEqual([0, null])
    expect(output.join("")).toBe("the user is disabled\n")
  } finally {
    await sql.end()
  }
})

test.runIf(process.platform === "linux")(
  "a command whose output can't be written ends without a stack",
  async () => {
    const { output, closed } = begin(["--help"], {}, openSync("/dev/full", "w"))
    expect(await closed).toEqual([1, null])
    expect(output).toEqual([])
  },
)
