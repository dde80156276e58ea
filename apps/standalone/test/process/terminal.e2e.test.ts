import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { expect, onTestFinished, test } from "vitest"
import { register, spawnBuiltServer } from "../testServer.ts"

const SCRIPT = "/usr/bin/script"
const builtServer = fileURLToPath(new URL("../../dist/main.js", import.meta.url))

/** Starts the built server on a pseudo-terminal, which `script` of util-linux makes. */
function spawnOnTerminal(variables: Record<string, string>) {
  const command = `exec '${process.execPath}' '${builtServer}'`
  const child = spawn(SCRIPT, ["--quiet", "--return", "--command", command, "/dev/null"], {
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, PORT: "0", ...variables },
    stdio: ["pipe", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    nextLine: async () => String((await lines.next()).value),
    /** Presses Ctrl+C. */
    interrupt: () => child.stdin.write("\u0003"),
  }
}

test.runIf(process.platform === "linux" && existsSync(SCRIPT))(
  "on a terminal, the server prints one line for people, and no requests",
  async () => {
    const DATA_DIR = await newMigratedEmbeddedFolder()
    const first = spawnOnTerminal({ DATA_DIR })
    expect(await first.nextLine()).toBe(`opening the embedded database in ${DATA_DIR}`)
    const line = await first.nextLine()
    const [, url = ""] =
      /^Latchkey {2}(\S+) {2}embedded database {2}the first account becomes administrator$/.exec(line) ?? []
    expect(line).toContain("http://localhost:")
    await register(url)
    first.interrupt()
    expect(await first.nextLine()).toBe("^Cstopping")

    const second = spawnOnTerminal({ DATA_DIR })
    await second.nextLine()
    expect(await second.nextLine()).toMatch(/^Latchkey {2}\S+ {2}embedded database$/)
  },
  180_000,
)

test("elsewhere, the server writes lines of JSON, one of them with the URL", async () => {
  const server = spawnBuiltServer({ DATA_DIR: await newMigratedEmbeddedFolder() })
  const url = await server.url
  const lines = server.output.map((line) => JSON.parse(line))
  expect(lines.filter((line) => line.url !== undefined)).toEqual([
    {
      level: 30,
      time: expect.any(Number),
      url,
      database: "embedded",
      awaitsFirstAccount: true,
      msg: `serving on ${url}`,
    },
  ])
})
