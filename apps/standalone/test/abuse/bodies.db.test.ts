import { describe, expect, test } from "vitest"
import { openConnection } from "./rawConnection.ts"
import { CREATE, request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()

const KIB = 1024
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** Byte sequences that are not valid UTF-8. */
const INVALID_UTF8: Record<string, number[]> = {
  "a byte that UTF-8 never uses": [0xff],
  "a truncated sequence": [0xe2, 0x82],
  "a continuation byte without a start": [0x80],
  "an overlong slash": [0xc0, 0xaf],
  "an overlong NUL": [0xc0, 0x80],
  "a surrogate": [0xed, 0xa0, 0x80],
  "a code point beyond the last": [0xf4, 0x90, 0x80, 0x80],
}

/** Well-formed JSON that is not a valid label. */
const INVALID_LABELS = [
  ...['"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0085"', '"\\u001b[31m"', '"\\b"'],
  ...["null", "true", "0", "-0", "1e999999", "9".repeat(1000), "0.1e-400", "[]", "{}", '["x"]', '{"x":"x"}'],
]

describe.each(CREATE)("over $surface", ({ path, wrap }) => {
  const headers = () => [
    `Authorization: Bearer ${target().accessToken}`,
    "Content-Type: application/json",
    // The client itself does not close the connection.
    "Connection: keep-alive",
  ]
  const chunked = () => request(`POST ${path}`, [...headers(), "Transfer-Encoding: chunked"])
  const send = (body: string | Uint8Array) => target().send(request(`POST ${path}`, headers(), body))

  async function expectRefusal(body: string | Uint8Array, marker: string) {
    const reply = await send(body)
    expect(reply?.status).toBe(400)
    expect(reply?.body).toContain('"INVALID_INPUT"')
    if (reply) expectHarmless(reply, marker)
  }

  test("64 KiB are read and one byte more is refused, whether the length is declared or not", async () => {
    for (const [size, status] of [
      [64 * KIB, 400],
      [64 * KIB + 1, 413],
    ] as const) {
      const frame = wrap('{"label":7,"":""}')
      const body = frame.replace('"":""', `"":"${"x".repeat(size - frame.length)}"`)
      expect(await send(body)).toMatchObject({ status })

      using connection = openConnection(target().url)
      connection.write(chunked())
      connection.write(`${chunk(body.slice(0, 1000))}${chunk(body.slice(1000))}0\r\n\r\n`)
      expect(await connection.read()).toMatchObject({ status })
    }
  })

  test("a declared length that is too large is refused before the body is sent", async () => {
    for (const length of [64 * KIB + 1, 2 ** 31, 2 ** 53]) {
      using connection = openConnection(target().url)
      connection.write(request(`POST ${path}`, [...headers(), `Content-Length: ${length}`]))
      expect(await connection.read()).toMatchObject({
        status: 413,
        body: expect.stringContaining('"TOO_LARGE"'),
      })
      await connection.closed()
    }
  })

  test("an endless body is refused while it arrives, and the connection is closed", async () => {
    using connection = openConnection(target().url)
    connection.write(chunked())
    const flood = setInterval(() => connection.write(chunk("x".repeat(4 * KIB))), 1)
    try {
      expect(await connection.read()).toMatchObject({ status: 413 })
      await connection.closed()
    } finally {
      clearInterval(flood)
    }
  })

  test("40 concurrent bodies with 6,000 fields each are refused", async () => {
    const fields = Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`f${i}`, 1]))
    const body = wrap(JSON.stringify(fields))
    for (const reply of await Promise.all(Array.from({ length: 40 }, () => send(body)))) {
      expect(reply?.status).toBe(400)
    }
  })

  test("the response to thousands of wrong items is short", async () => {
    const metadata = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [i, 0]))
    const zeros = (count: number) => Array.from({ length: count }, () => 0)
    for (const input of [
      { label: "x", metadata: metadata(6_000) },
      { label: "x", metadata: metadata(1_500), scopes: zeros(5_000), allowedIps: zeros(5_000) },
      { label: 0, metadata: metadata(20), scopes: zeros(100), allowedIps: zeros(20) },
    ]) {
      const reply = await send(wrap(JSON.stringify(input)))
      expect(reply?.status).toBe(400)
      expect(reply?.body.length).toBeLessThan(5_000)
    }
  })

  test("a body in chunks of one byte is read like any other", async () => {
    using connection = openConnection(target().url)
    connection.write(chunked())
    connection.write(`${Array.from(wrap('{"label":""}'), chunk).join("")}0\r\n\r\n`)
    expect(await connection.read()).toMatchObject({ status: 400, body: expect.stringContaining("label") })
  })

  test("a body in more chunks than any client sends is refused, and not read to its end", async () => {
    const one = chunk(" ")
    for (const end of ["", `${chunk(wrap('{"label":"x"}'))}0\r\n\r\n`]) {
      using connection = openConnection(target().url)
      connection.write(chunked())
      connection.write(one.repeat(1_001) + end)
      expect(await connection.read()).toMatchObject({
        status: 413,
        body: expect.stringContaining('"TOO_LARGE"'),
      })
      await connection.closed()
    }
  })

  test("trailers are not read as headers", async () => {
    using connection = openConnection(target().url)
    connection.write(
      request(`POST ${path}`, ["Content-Type: application/json", "Transfer-Encoding: chunked"]),
    )
    connection.write(
      `${chunk(wrap('{"label":"x"}'))}0\r\nAuthorization: Bearer ${target().accessToken}\r\n\r\n`,
    )
    expect(await connection.read()).toMatchObject({ status: 401 })
  })

  test.each([
    ["a size that is not a number", "zz\r\n{}\r\n"],
    ["a negative size", "-1\r\n{}\r\n"],
    ["a huge size", "ffffffffffffffffff\r\n{}\r\n"],
    ["an endless extension", `2;x=${"x".repeat(32 * KIB)}`],
    ["a chunk that is longer than its size", "1\r\n{}\r\n0\r\n\r\n"],
  ])("chunks with %s end the connection", async (_, chunks) => {
    using connection = openConnection(target().url)
    connection.write(chunked())
    connection.write(chunks)
    await connection.closed()
    const reply = await connection.read()
    if (reply) expect(reply.status).toBe(400)
  })

  test.each(Object.entries(INVALID_UTF8))("%s is refused", async (_, bytes) => {
    const marker = newMarker()
    const [before = "", after = ""] = wrap(`{"label":"${marker}!"}`).split("!")
    await expectRefusal(Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]), marker)
  })

  test.each(["utf16le", "latin1"] as const)("JSON in %s is refused", async (encoding) => {
    const marker = newMarker()
    await expectRefusal(Buffer.from(wrap(`{"label":"é ${marker}"}`), encoding), marker)
  })

  test.each(INVALID_LABELS)("a label of %s is refused", async (label) => {
    const marker = newMarker()
    await expectRefusal(wrap(`{"label":${label},"${marker}":"${marker}"}`), marker)
  })

  test.each([
    ...['{"label":', "{'label':'x'}", "{label:1}", '{"label":"x",}', "// x\n{}", "NaN", "undefined", "\0"],
    ...["[".repeat(60_000), '{"a":'.repeat(12_000), `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
    ...[
      `{"label":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
      `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`,
    ],
    ...[`{"expiresAt":${"9".repeat(60_000)}}`, `[${"0,".repeat(30_000)}0]`, `"${"\\u0000".repeat(10_000)}"`],
  ])("invalid or oversized JSON is refused: %#", async (json) => {
    await expectRefusal(wrap(json), newMarker())
  })
})

test("invalid UTF-8 in a streamed call is refused too", async () => {
  const headers = [
    `Authorization: Bearer ${target().accessToken}`,
    "Content-Type: application/json",
    "trpc-accept: application/jsonl",
  ]
  const body = Buffer.from('{"0":{"json":{"label":"\xff"}}}', "latin1")
  const reply = await target().send(request("POST /trpc/apiKeys.create?batch=1", headers, body))
  expect(reply?.body).toContain('"INVALID_INPUT"')
})
