import { describe, expect, test } from "vitest"
import { openConnection } from "./rawConnection.ts"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()

/** Invalid headers, with `M` for the marker. Node's parser or the server refuses them and closes the connection. */
const MALFORMED: Record<string, string> = {
  "a header folded over two lines": "X: a\r\n M",
  "a header folded by a tab": "X: a\r\n\tM",
  "NUL in a header": "X: M\0",
  "a control character in a header": "X: M\x01",
  "a bare line feed in a header": "X: M\nX-API-Key: M",
  "a bare carriage return in a header": "X: M\rX-API-Key: M",
  "a space before the colon": "X-API-Key : M",
  "a space in a name": "X API Key: M",
  "an empty name": ": M",
  "no colon": "M",
  "a name with a non-ASCII character": "X-\u00e9: M",
  "two lengths": "Content-Length: 5\r\nContent-Length: 6",
  "two equal lengths": "Content-Length: 5\r\nContent-Length: 5",
  "a list of lengths": "Content-Length: 5, 5",
  "a negative length": "Content-Length: -1",
  "a length with a sign": "Content-Length: +5",
  "a length in hexadecimal": "Content-Length: 0x5",
  "a length with an exponent": "Content-Length: 5e0",
  "a huge length": `Content-Length: ${"9".repeat(40)}`,
  "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked",
  "chunks and a length": "Transfer-Encoding: chunked\r\nContent-Length: 5",
  "transfer codings that do not end with chunked": "Transfer-Encoding: chunked, identity",
  "two transfer codings in two headers": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
  "a transfer coding that is nearly chunked": "Transfer-Encoding: xchunked",
  "a transfer coding after a control character": "Transfer-Encoding: \x0bchunked",
  "headers of 20 KB": `X: ${"M".repeat(20_000)}`,
}

describe.each(["/auth/apikeys", "/trpc/apiKeys.create"])("POST %s", (path) => {
  test.each(Object.entries(MALFORMED))("%s is refused", async (_, header) => {
    const marker = newMarker()
    using connection = openConnection(target().url)
    connection.write(
      request(`POST ${path}`, [
        "Connection: keep-alive",
        `Authorization: Bearer ${target().accessToken}`,
        "Content-Type: application/json",
        header.replaceAll("M", marker),
      ]),
    )
    const reply = await connection.read()
    if (reply) {
      expect([400, 431]).toContain(reply.status)
      expect(reply.body).toContain('"INVALID_INPUT"')
      expectHarmless(reply, marker)
    }
    await connection.closed()
  })
})

const HOSTS = {
  refused: [
    ...[
      "",
      " ",
      "a b",
      "a/b",
      "a?b",
      "a#b",
      "a@b",
      "user:password@a",
      "[::1",
      "::1",
      "a:b",
      "a:99999",
      "a:1:2",
    ],
    ...["%00", "a%00", "a\\b", "<a>", "\u00e9", "a|b", "a^b"],
  ],
  served: [
    ...["localhost", "LOCALHOST:3000", "127.0.0.1:80", "[::1]:3000", "a.b.", "..", "a_b", "x".repeat(300)],
    ...["1.2.3.4.5", "999.1.1.1", "0x7f.1", "xn--", "a,b", "__proto__", "constructor", "169.254.169.254"],
  ],
}

/** A path for each way to a procedure: REST, the server's own handling of unary tRPC calls, and tRPC's adapter. */
const PATHS = ["/auth/me", "/trpc/auth.me", "/trpc/auth.me?batch=1&x"]

describe.each(PATHS)("GET %s", (path) => {
  const send = (...headers: string[]) => target().send(request(`GET ${path}`, headers))
  const key = () => `X-API-Key: ${target().apiKey}`

  test.each(HOSTS.refused)("the host %j is refused", async (host) => {
    expect(await send(`Host: ${host}`, key())).toMatchObject({ status: 400 })
  })

  test.each(HOSTS.served)("the host %j makes no difference", async (host) => {
    const reply = await send(`Host: ${host}`, key())
    expect(reply?.status).toBe(200)
    if (host.length > 9) expect(reply?.body).not.toContain(host)
  })

  test("two hosts are refused, whether they are equal or not", async () => {
    for (const other of ["localhost", "b", ""]) {
      const reply = await send("Host: localhost", `HOST: ${other}`, key())
      expect(reply).toMatchObject({ status: 400, body: expect.stringContaining('"INVALID_INPUT"') })
    }
  })

  test("headers named like object properties make no difference", async () => {
    expect(await send("__proto__: x", "constructor: x", "hasOwnProperty: x", key())).toMatchObject({
      status: 200,
    })
  })

  test("two credentials are refused, in one header or two, valid or not", async () => {
    const bearer = `Authorization: Bearer ${target().accessToken}`
    for (const headers of [
      [key(), key()],
      [key(), "x-api-key: "],
      [key(), bearer],
      [key(), "Authorization: "],
      [bearer, bearer],
      [bearer, "AUTHORIZATION: Basic eDp4"],
      [`${key()},${target().apiKey}`],
      [`${bearer}, Bearer x`],
    ]) {
      const reply = await send(...headers)
      expect(reply?.status).toBe(400)
      expect(reply?.body).toContain('"AMBIGUOUS_CREDENTIALS"')
      if (reply) expectHarmless(reply, target().apiKey)
    }
  })

  test.each([
    ...[
      "X-API-Key: \u00e9",
      "X-API-Key: __proto__",
      "X-API-Key: ",
      "Authorization: ",
      "Authorization: Bearer",
    ],
    ...[
      "Authorization: Basic eDp4",
      "Authorization: Bearer\tx",
      "Authorization: Bearer x y",
      "Authorization: x",
    ],
    ...[`Authorization: Bearer ${"x".repeat(15_000)}`, `X-API-Key: ${"0".repeat(15_000)}`],
    ...["Proxy-Authorization: Bearer x", "Cookie: __Host-latchkey=x", "X-Forwarded-User: admin"],
  ])("%j is not a valid credential", async (header) => {
    const reply = await send(header)
    expect(reply?.status).toBe(401)
    expect(reply?.body).toContain('"UNAUTHENTICATED"')
  })
})
