import { expect, test } from "vitest"
import { type Line, readLines } from "./readLines.ts"

async function read(...chunks: (string | Uint8Array)[]) {
  async function* stream() {
    for (const chunk of chunks) yield Buffer.from(chunk as string)
  }
  const lines: Line[] = []
  for await (const line of readLines(stream())) lines.push(line)
  return lines
}

const texts = (...lines: string[]) => lines.map((text) => ({ text }))

test("lines end with a line feed, wherever chunks end, and the last line need not", async () => {
  expect(await read("a\nb", "c\n", "\n", "d")).toEqual(texts("a", "bc", "", "d"))
  expect(await read("a\r\nb\n")).toEqual(texts("a\r", "b"))
  expect(await read()).toEqual([])
})

test("Unicode's line separator is an ordinary character, even if it spans two chunks", async () => {
  expect(await read('{"label":"a\u2028b\u2029c"}\n')).toEqual(texts('{"label":"a\u2028b\u2029c"}'))
  const [first, second] = [Buffer.from("ü").subarray(0, 1), Buffer.from("ü").subarray(1)]
  expect(await read(first, second)).toEqual(texts("ü"))
})

test("a byte order mark at the beginning is not part of the first line", async () => {
  expect(await read("\ufeffa\n")).toEqual(texts("a"))
})

test("a line that is not UTF-8 is refused, and the lines around it are not", async () => {
  const latin1 = Buffer.from("müller\n", "latin1")
  expect(await read("a\n", latin1, "b\n")).toEqual([
    { text: "a" },
    { refusal: "expected UTF-8" },
    { text: "b" },
  ])
})

test("a line of more than 64 KiB is refused, and is not kept in memory", async () => {
  const chunk = Buffer.alloc(1024 * 1024, "x")
  let sent = 0
  async function* endless() {
    for (; sent < 4_096; sent++) yield chunk
    yield Buffer.from("\nb\n")
  }
  const lines: Line[] = []
  for await (const line of readLines(endless())) lines.push(line)
  expect(lines).toEqual([{ refusal: "expected a line of at most 64 KiB" }, { text: "b" }])
  expect(await read("x".repeat(65_536))).toEqual(texts("x".repeat(65_536)))
})
