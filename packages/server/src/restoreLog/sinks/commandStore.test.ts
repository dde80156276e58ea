import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { eventually } from "@latchkey/test-postgres"
import { afterEach, beforeEach, expect, test } from "vitest"
import { RestoreLogError } from "../restoreLogError.ts"
import { createCommandStore } from "./commandStore.ts"
import { ObjectGone } from "./logSink.ts"
import { createObjectSink } from "./objectSink.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-command-"))
})
afterEach(() => rm(folder, { recursive: true }))

/** A program with this text. Objects are files beside it. */
async function program(text: string): Promise<string> {
  const path = join(folder, "keep")
  await writeFile(path, `#!/bin/sh\ncd ${folder} || exit 1\n${text}\n`)
  await chmod(path, 0o700)
  return path
}

const KEEP = `case $1 in
  list) ls ;;
  put) cat > "$2" ;;
  get) cat "$2" ;;
  remove) rm -f "$2" ;;
esac`

const open = (path: string, options = {}) =>
  createObjectSink(createCommandStore(path, { environment: process.env, ...options }))

async function readAll(sink: ReturnType<typeof open>) {
  const lines = []
  for (const name of await sink.list()) for await (const line of sink.read(name)) lines.push(line)
  return lines.sort()
}

test("a command keeps the log", async () => {
  const sink = open(await program(KEEP))
  const lines = ["one", "two", `long ${"x".repeat(1_000_000)}`]
  for (const line of lines) await sink.append(`${line}\n`)
  expect(await readAll(sink)).toEqual(lines.sort())
  await sink.close()
  expect(await readAll(sink)).toEqual(lines.sort())
  const [name = ""] = await sink.list()
  await sink.remove(name)
  const reading = async () => {
    for await (const _ of sink.read(name)) expect.unreachable()
  }
  await expect(reading()).rejects.toThrow(ObjectGone)
})

test("a command gets the configured arguments first, and no shell interprets them", async () => {
  const path = await program(`echo "$@" > arguments; cat > /dev/null`)
  await open(`${path} first $(touch bad)`).append("line\n")
  expect(await readFile(join(folder, "arguments"), "utf8")).toMatch(
    /^first \$\(touch bad\) put \S+\.ndjson\n$/,
  )
  expect(await readdir(folder)).not.toContain("bad")
})

test("a command gets a few usual variables, and those that are meant for it, but no secrets of the server", async () => {
  const given = { AUTH_SECRET: "a", AWS_SECRET_ACCESS_KEY: "b", RESTORE_LOG_COMMAND_: "c", XLANG: "d" }
  const passed = { LC_ALL: "C", TZ: "UTC", no_proxy: "localhost" }
  const server = { ...process.env, ...given, ...passed, RESTORE_LOG_COMMAND_TOKEN: "for it" }
  await open(await program("env > environment; cat > /dev/null"), { environment: server }).append("line\n")

  const lines = (await readFile(join(folder, "environment"), "utf8")).trim().split("\n")
  const environment = Object.fromEntries(lines.map((line) => line.split(/=(.*)/, 2)))
  expect(environment).toMatchObject({ ...passed, PATH: process.env.PATH, TOKEN: "for it" })
  for (const name of [...Object.keys(given), "RESTORE_LOG_COMMAND_TOKEN", "VITEST"]) {
    expect(environment).not.toHaveProperty(name)
  }
})

test("an exit status, a missing program and unread input are errors", async () => {
  for (const [text, reason] of [
    ["cat > /dev/null; exit 3", "has ended with 3"],
    ["kill -9 $$", "SIGKILL"],
    ["exec 0<&-; exit 0", "EPIPE"],
  ] as const) {
    const failed = open(await program(text)).append(`${"x".repeat(10_000_000)}\n`)
    await expect(failed).rejects.toThrow(RestoreLogError)
    await expect(failed).rejects.toThrow(reason)
  }
  const missing = open(join(folder, "nothing")).append("line\n")
  await expect(missing).rejects.toThrow("ENOENT")
})

test("a command that hangs ends with everything that it has started", async () => {
  const path = await program(`sleep 1000 & echo $! > child; wait`)
  const failed = open(path, { writeMs: 5_000 }).append("line\n")
  await expect(failed).rejects.toThrow("put was not done after 5 s")
  const pid = Number(await readFile(join(folder, "child"), "utf8"))
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow())
})

test("a list that ends with a failure is an error", async () => {
  const path = await program(`echo 20261127T120000000Z-0a1b2c3d.ndjson; exit 1`)
  await expect(open(path).list()).rejects.toThrow(RestoreLogError)
})
