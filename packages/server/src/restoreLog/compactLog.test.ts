import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createKeyring } from "@latchkey/auth"
import type { LoggedChange } from "@latchkey/db"
import { afterEach, beforeEach, expect, test } from "vitest"
import { compactLog } from "./compactLog.ts"
import { locatedChanges } from "./latestChanges.ts"
import { CHANGES_PER_LINE, signLines } from "./logLine.ts"
import { readLog } from "./readLog.ts"
import { createDirectorySink } from "./sinks/directorySink.ts"
import type { LogSink } from "./sinks/logSink.ts"
import { newName } from "./sinks/objectName.ts"

const keyring = createKeyring({ current: "s".repeat(32) })
const deploymentId = "6a1f4a0e-0000-4000-8000-000000000000"
const history = "first"

let folder: string
let sink: LogSink
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-compact-"))
  sink = createDirectorySink(folder)
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
  ...{ deployment: deploymentId, history, from, to, at: `at ${to}`, changes },
})
const begin = (at: number) => ({
  ...{ ...range(at, at), begins: true as const, opens: { parent: null, includes: {} } },
})
const store = (age: number, lines: Parameters<typeof signLines>[0][], keys = keyring) =>
  writeFile(
    join(folder, newName(daysAgo(age))),
    lines
      .flatMap((line) => signLines(line, keys))
      .map(({ text }) => text)
      .join(""),
  )
const read = () => readLog(sink, { keyring, deploymentId })
const compact = (keys = keyring) => compactLog({ sink, keyring: keys }, { deploymentId, history })

async function findAll() {
  const all = []
  for await (const some of locatedChanges(sink, { keyring, deploymentId })) all.push(...some)
  return all
}

/** The subjects of all changes with their positions, sorted. */
async function changes() {
  return (await findAll())
    .map((located) => `${located.history} ${located.change.id}@${located.change.position}`)
    .sort()
}

test("objects older than a day are replaced by one with the same changes", async () => {
  await store(5, [begin(7), range(7, 9, [revocation(8), revocation(9)])])
  await store(4, [range(9, 12, [revocation(12, "key 8")])])
  await store(3, [range(11, 13, [revocation(13)]), range(20, 21)])
  await store(0.5, [range(13, 20, [revocation(14)])])
  const before = await read()

  expect(await compact()).toBe(true)

  expect(await readdir(folder)).toHaveLength(2)
  expect(await read()).toEqual(before)
  expect(before.histories.get(history)?.ranges).toEqual([{ from: 7, to: 21, at: "at 21" }])
  expect(await changes()).toEqual(
    ["key 13@13", "key 14@14", "key 8@12", "key 9@9"].map((one) => `first ${one}`),
  )
  expect(await compact()).toBe(false)
})

test("changes by a server that was replaced supersede no others", async () => {
  await store(5, [begin(7), range(7, 9, [revocation(8, "a"), revocation(9, "b")])])
  const opens = { parent: history, includes: { [history]: 9 } }
  await store(4, [{ ...range(10, 11), history: "second", opens }])
  await store(3, [range(9, 12, [revocation(11, "a"), revocation(12, "a")])])
  const before = await read()

  await compactLog({ sink, keyring }, { deploymentId, history: "second" })

  expect(await read()).toEqual(before)
  expect(await changes()).toEqual(["first a@12", "first a@8", "first b@9"])
})

test("many changes are split into several lines, and without one of them the range is missing", async () => {
  const many = Array.from({ length: 2 * CHANGES_PER_LINE }, () => revocation(2, crypto.randomUUID()))
  const [part, whole, ...others] = signLines(range(1, 2, many), keyring).map(({ text }) => text)
  expect(others).toEqual([])
  const [first] = signLines(begin(1), keyring).map(({ text }) => text)
  const ranges = async () => (await read()).histories.get(history)?.ranges
  await writeFile(join(folder, "a.ndjson"), `${first}${whole}${part}`)
  expect([await ranges(), (await read()).unreadable]).toMatchObject([[{ from: 1, to: 2 }], 0])
  await writeFile(join(folder, "a.ndjson"), `${first}${whole}`)
  expect([await ranges(), (await read()).unreadable]).toMatchObject([[{ from: 1, to: 1 }], 1])
})

test("many changes are compacted into several lines", async () => {
  const many = Array.from({ length: 12.5 * CHANGES_PER_LINE }, () => revocation(8, crypto.randomUUID()))
  await store(5, [begin(7), range(7, 8, many)])
  await store(4, [range(8, 9, [revocation(9)])])
  const before = [await read(), await changes()]
  await compact()
  expect([await read(), await changes()]).toEqual(before)
})

test("a torn line is skipped, and another line may have its changes", async () => {
  const [whole] = signLines(range(1, 2, [revocation(2)]), keyring)
  const first = signLines(begin(1), keyring)[0]?.text
  await writeFile(join(folder, "a.ndjson"), `${first}${whole?.text.slice(0, 40)}\n${whole?.text}`)
  const { histories, unreadable } = await read()
  expect([histories.get(history)?.ranges, unreadable]).toMatchObject([[{ from: 1, to: 2 }], 1])
})

test("nothing is deleted while the log has lines of an unknown secret or of another deployment", async () => {
  const other = createKeyring({ current: "t".repeat(32) })
  await store(5, [begin(7)])
  await store(4, [range(7, 8)], other)
  await compact()
  expect(await readdir(folder)).toHaveLength(2)
  const both = createKeyring({ current: "s".repeat(32), previous: ["t".repeat(32)] })
  await store(3, [{ ...range(1, 1), deployment: "another" }])
  await compact(both)
  expect(await readdir(folder)).toHaveLength(3)
})

test("if a new object does not read back as it was written, only the new ones are deleted", async () => {
  await store(5, [begin(7)])
  await store(4, [range(7, 8, [revocation(8)])])
  const names = await readdir(folder)
  const forgetful: LogSink = { ...sink, put: (name, text) => sink.put(name, text.slice(0, -10)) }
  const compacting = compactLog({ sink: forgetful, keyring }, { deploymentId, history })
  await expect(compacting).rejects.toThrow("not as it was written")
  expect(await readdir(folder)).toEqual(names)
  expect((await read()).histories.get(history)?.ranges).toMatchObject([{ from: 7, to: 8 }])
})

test("characters at which Node 24 splits lines tear no line", async () => {
  const separated = "\u2028 and \u2029"
  const change: LoggedChange = {
    ...{ position: 2, id: "user", kind: "owner" },
    state: { disabledAt: null, erasedAt: null, role: "user", issuer: "host", subject: separated },
  }
  const [line] = signLines(range(1, 2, [change]), keyring)
  expect(line?.text).not.toMatch(/[\u2028\u2029]/)
  await store(0, [begin(1), range(1, 2, [change])])
  const [found] = await findAll()
  expect(found?.change).toEqual(change)
})

test("an object that another process has just replaced is left to it", async () => {
  await store(5, [begin(7)])
  await symlink(join(folder, "gone"), join(folder, newName(daysAgo(4))))
  const { list } = sink
  let looks = 0
  // It is listed only the first time.
  sink = { ...sink, list: async () => (await list()).slice(0, ++looks > 1 ? 1 : 2) }
  expect(await compact()).toBe(false)
  expect(await readdir(folder)).toHaveLength(2)
})

test("the log is copied for a new secret once, and again when lines of the earlier secret have come", async () => {
  const rotated = createKeyring({ current: "t".repeat(32), previous: ["s".repeat(32)] })
  const copy = () => compactLog({ sink, keyring: rotated }, { deploymentId, history, signsAnew: true })
  const withoutEarlier = async () =>
    (await readLog(sink, { keyring: createKeyring({ current: "t".repeat(32) }), deploymentId })).histories
  await store(0.2, [begin(7), range(7, 8, [revocation(8)])])
  expect([await copy(), await copy()]).toEqual([true, false])
  expect(await readdir(folder)).toHaveLength(2)
  await store(0.1, [range(8, 9, [revocation(9)])])
  expect([await copy(), await copy()]).toEqual([true, false])
  // Objects of the earlier secret that are complete are merged, although there is a copy.
  for (const age of [3, 4]) await store(age, [range(7, 8, [revocation(8)])])
  expect([await copy(), await copy()]).toEqual([true, false])
  expect(await withoutEarlier()).toEqual((await readLog(sink, { keyring: rotated, deploymentId })).histories)
})

test("an unfinished file of a process that crashed is removed after a day", async () => {
  const [old, fresh] = [`${newName(daysAgo(2))}.new`, `${newName(new Date())}.new`]
  for (const name of [old, fresh]) await writeFile(join(folder, name), "half")
  await sink.put(newName(new Date()), "whole\n")
  const names = await readdir(folder)
  expect([names.includes(old), names.includes(fresh)]).toEqual([false, true])
})
