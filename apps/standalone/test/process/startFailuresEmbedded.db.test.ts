import { execFile } from "node:child_process"
import { chmod, lstat, mkdir, mkdtemp, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { describe, expect, test } from "vitest"
import { explainStartFailure } from "../../src/start/explainStartFailure.ts"
import { StartFailure } from "../../src/start/startFailure.ts"
import { startTestServer } from "../testServer.ts"
import { startFailureMessage } from "./startFailureMessage.ts"

const newFolder = () => mkdtemp(join(tmpdir(), "latchkey-test-"))

describe("DATA_DIR", () => {
  test("a file, or a folder inside a file", async () => {
    const file = join(await newFolder(), "file")
    await writeFile(file, "")
    expect(await startFailureMessage({ DATA_DIR: file })).toMatch(
      /^DATA_DIR: expected a folder .* \(ENOTDIR\)$/,
    )
    expect(await startFailureMessage({ DATA_DIR: join(file, "folder") })).toMatch(
      /^DATA_DIR: expected a folder .* \(ENOTDIR\)$/,
    )
  })

  test.runIf(process.platform === "linux")("a file system in which no folder can be created", async () => {
    expect(await startFailureMessage({ DATA_DIR: "/proc/latchkey/data" })).toMatch(
      /^DATA_DIR: expected a folder that can keep a/,
    )
  })

  test("missing folders are created, with access only for their owner", async () => {
    const parent = join(await newFolder(), "a")
    await (await startTestServer({ DATA_DIR: join(parent, "b") }))[Symbol.asyncDispose]()
    expect((await stat(parent)).mode & 0o777).toBe(0o700)
    expect((await stat(join(parent, "b"))).mode & 0o777).toBe(0o700)
  })

  test("a database of another version", async () => {
    const folder = await newMigratedEmbeddedFolder()
    await writeFile(join(folder, "db/PG_VERSION"), "17\n")
    expect(await startFailureMessage({ DATA_DIR: folder })).toMatch(
      /^DATA_DIR: expected a database of PostgreSQL 18 in /,
    )
  })

  test.each([
    ["folder", (path: string) => mkdir(path)],
    ["named pipe", (path: string) => promisify(execFile)("mkfifo", [path])],
    ["link to a file that is not there", (path: string) => symlink(join(path, "../missing"), path)],
    ["file of 10 GB", (path: string) => promisify(execFile)("truncate", ["-s", "10G", path])],
    ["guessable secret", (path: string) => writeFile(path, "0".repeat(64))],
  ])("a %s instead of the secret's file", async (_, make) => {
    const folder = await newMigratedEmbeddedFolder()
    const path = join(folder, "auth-secret")
    await make(path)
    const { ino } = await lstat(path)
    expect(await startFailureMessage({ DATA_DIR: folder })).toMatch(
      /^DATA_DIR: expected 64 hex characters in .*auth-secret/,
    )
    expect((await lstat(path)).ino).toBe(ino)
  })

  test.each([
    ["EACCES", "expected a folder that this user owns and may write to"],
    ["EROFS", "its file system is read-only"],
    ["ENOSPC", "expected more free space"],
    ["EIO", "expected a folder that can keep a database"],
  ])("%s is reported about the folder, not about the port", (code, sentence) => {
    const text = explainStartFailure(new StartFailure("dataFolder", Object.assign(new Error(), { code })))
    expect(text).toMatch(/^DATA_DIR: /)
    expect(text).toContain(sentence)
  })

  test("a secret that other users may read, or an unfinished one, ends up readable only by its owner", async () => {
    const folder = await newMigratedEmbeddedFolder()
    await chmod(folder, 0o755)
    const [secret, unfinished] = [join(folder, "auth-secret"), join(folder, "auth-secret.unfinished")]
    await writeFile(unfinished, "", { mode: 0o644 })
    await (await startTestServer({ DATA_DIR: folder }))[Symbol.asyncDispose]()
    expect((await stat(secret)).mode & 0o777).toBe(0o600)

    await chmod(secret, 0o644)
    await using server = await startTestServer({ DATA_DIR: folder })

    expect((await stat(secret)).mode & 0o777).toBe(0o600)
    expect(server.log.filter((line) => line.includes("was open to other users"))).toHaveLength(1)
  })
})

test("an unexpected error is explained in one line too", () => {
  const text = explainStartFailure(new TypeError("hunter2"))
  expect(text).toMatch(/^Latchkey could not start, .*TypeError/)
  expect(text).not.toMatch(/hunter2|\n/)
})
