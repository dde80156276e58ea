import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createKeyring } from "@latchkey/auth"
import type { LoggedChange } from "@latchkey/db"
import { afterEach, beforeEach, expect, test } from "vitest"
import { compactLog } from "./compactLog.ts"
import { CHANGES_PER_LINE, signLines } from "./logLine.ts"
import { readLog } from "./readLog.ts"
import { newName } from "./segment.ts"

const keyring = createKeyring({ current: "s".repeat(32) })
const deploymentId = "6a1f4a0e-0000-4000-8000-000000000000"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-compact-"))
})
afterEach(() => rm(folder, { recursive: true }))

const DAY_MS = 86_400_000
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS)
const revocation = (position: number, id = `key ${position}`): LoggedChange => ({
  position,
  id,
  kind: "key",
  state: { revokedAt: "2026-11-27T12:00:00Z" },
})
const range = (from: number, to: number, changes: LoggedChange[] = []) => ({
  ...{ deployment: deploymentId, from, to, at: `at ${to}`, changes },
})
const store = (age: number, lines: Parameters<typeof signLines>[0][], keys = keyring) =>
  writeFile(
    join(folder, newName(daysAgo(age))),
    lines
      .flatMap((line) => signLines(line, keys))
      .map(({ text }) => text)
      .join(""),
  )
const read = (keys = keyring) => readLog(folder, { keyring: keys, deploymentId, after: -1 })

test("files of more than a day ago become one, which says the same", async () => {
  await store(5, [{ ...range(7, 7), begins: true }, range(7, 9, [revocation(8), revocation(9)])])
  await store(4, [range(9, 12, [revocation(12, "key 8")])])
  await store(3, [range(11, 13, [revocation(13)]), range(20, 21)])
  await store(0.5, [range(13, 20, [revocation(14)])])
  const before = await read()

  await compactLog({ folder, keyring }, { deploymentId })

  expect(await readdir(folder)).toHaveLength(2)
  const after = await read()
  expect(after).toEqual({ ...before, changes: expect.arrayContaining(before.changes) })
  expect(after.ranges).toEqual([{ from: 7, to: 21, at: "at 21" }])
  expect(after.changes).toHaveLength(before.changes.length)
  await compactLog({ folder, keyring }, { deploymentId })
  expect(await readdir(folder)).toHaveLength(2)
})

test("many changes are in several lines, and without one of them the range is missing", async () => {
  const many = Array.from({ length: 2 * CHANGES_PER_LINE }, () => revocation(2, crypto.randomUUID()))
  const lines = signLines(range(1, 2, many), keyring)
  expect(lines).toHaveLength(2)
  const [part, whole] = lines.map(({ text }) => text)
  const begin = signLines({ ...range(1, 1), begins: true }, keyring)[0]?.text
  await writeFile(join(folder, "a.ndjson"), `${begin}${part}${whole}`)
  expect(await read()).toMatchObject({ ranges: [{ from: 1, to: 2 }], unreadable: 0 })
  await writeFile(join(folder, "a.ndjson"), `${begin}${whole}`)
  expect(await read()).toMatchObject({ ranges: [{ from: 1, to: 1 }], unreadable: 1 })
})

test("a torn line is left out, and another line may have what it had", async () => {
  const [whole] = signLines(range(1, 2, [revocation(2)]), keyring)
  const begin = signLines({ ...range(1, 1), begins: true }, keyring)[0]?.text
  await writeFile(join(folder, "a.ndjson"), `${begin}${whole?.text.slice(0, 40)}\n${whole?.text}`)
  expect(await read()).toMatchObject({ ranges: [{ from: 1, to: 2 }], unreadable: 1 })
})

test("nothing is deleted while lines of an unknown secret, or of another deployment, are beside it", async () => {
  const other = createKeyring({ current: "t".repeat(32) })
  await store(5, [{ ...range(7, 7), begins: true }])
  await store(4, [range(7, 8)], other)
  await compactLog({ folder, keyring }, { deploymentId })
  expect(await readdir(folder)).toHaveLength(2)
  const both = createKeyring({ current: "s".repeat(32), previous: ["t".repeat(32)] })
  await store(3, [{ ...range(1, 1), deployment: "another" }])
  await compactLog({ folder, keyring: both }, { deploymentId })
  expect(await readdir(folder)).toHaveLength(3)
})

test("a character at which Node 24 splits lines tears none", async () => {
  const separated = "\u2028 and \u2029"
  const change: LoggedChange = {
    ...{ position: 2, id: "user", kind: "owner" },
    state: { disabledAt: null, erasedAt: null, role: "user", issuer: "host", subject: separated },
  }
  const [line] = signLines(range(1, 2, [change]), keyring)
  expect(line?.text).not.toMatch(/[\u2028\u2029]/)
  await store(0, [{ ...range(1, 1), begins: true }, range(1, 2, [change])])
  expect(await read()).toMatchObject({ changes: [{ state: { subject: separated } }], unreadable: 0 })
})

test("a file that another process has just compacted is left to it", async () => {
  await store(5, [{ ...range(7, 7), begins: true }])
  await symlink(join(folder, "gone"), join(folder, newName(daysAgo(4))))
  await compactLog({ folder, keyring }, { deploymentId })
  expect(await readdir(folder)).toHaveLength(2)
})
