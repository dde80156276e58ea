import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { RestoreLogError } from "../restoreLogError.ts"
import { createSegment, type Segment } from "./segment.ts"

let parent: string
let folder: string
let segment: Segment
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "latchkey-segment-"))
  folder = join(parent, "log")
  await mkdir(folder)
  segment = createSegment(folder)
  await segment.append("one\n")
})
afterEach(async () => {
  await segment.close()
  await rm(parent, { recursive: true })
})

async function read() {
  const texts = (await readdir(folder)).map((name) => readFile(join(folder, name), "utf8"))
  return (await Promise.all(texts)).join("")
}

test("lines that are written to a deleted file are reported as missing, and the next ones get a new file", async () => {
  for (const name of await readdir(folder)) await rm(join(folder, name))
  await expect(segment.append("two\n")).rejects.toThrow(RestoreLogError)
  await segment.append("three\n")
  expect(await read()).toContain("three")
})

test("lines that are written to a folder that another one has replaced are reported as missing", async () => {
  await rename(folder, join(parent, "old"))
  await mkdir(folder)
  await expect(segment.append("two\n")).rejects.toThrow(RestoreLogError)
  await segment.append("three\n")
  expect(await read()).toContain("three")
})
