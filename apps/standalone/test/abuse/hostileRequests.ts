import fc from "fast-check"

/** Request methods, some of which no route supports. */
export const METHODS = "GET POST PUT DELETE HEAD OPTIONS PATCH TRACE QUERY PROPFIND".split(" ")

const SEGMENTS =
  "auth oauth introspect verify trpc me apikeys auth.me apiKeys.list apiKeys.revoke auth.me,auth.me assets healthz . .. , : @ * __proto__ constructor"

const ESCAPES = "% %2 %25 %2525 a ~ ! $ ; \\"

/** Generates request targets: paths of the server, pieces of them, and others, in any encoding. */
export function hostileTargets(marker: string): fc.Arbitrary<string> {
  const byte = fc.nat(255).map((code) => `%${code.toString(16).padStart(2, "0")}`)
  const escaped = fc.array(fc.oneof(byte, fc.constantFrom(...ESCAPES.split(" "))), { maxLength: 6 })
  const printable = fc.string({ unit: "grapheme-ascii", maxLength: 8 })
  const segment = fc.oneof(
    fc.constantFrom("", marker, ...SEGMENTS.split(" ")),
    escaped.map((parts) => parts.join("")),
    printable.map((text) => text.replaceAll(" ", "")),
  )
  const ends = ["", "/", "?", "?batch=1", "?batch=1&input=", "?input={}", "#", "?%", `?${marker}=${marker}`]
  return fc
    .tuple(fc.array(segment, { maxLength: 6 }), fc.constantFrom(...ends))
    .map(([segments, end]) => `/${segments.join("/")}${end}`)
}

const HEADERS =
  "X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto Forwarded X-Real-IP Via Host Cookie Origin Referer Sec-Fetch-Site " +
  "User-Agent Accept Accept-Encoding Accept-Language trpc-accept Content-Type Content-Encoding Range If-None-Match " +
  "If-Modified-Since Expect Access-Control-Request-Method Access-Control-Request-Headers X-Request-Id traceparent TE " +
  "X-HTTP-Method-Override Authorization X-API-Key Cache-Control Upgrade Latchkey-On-Behalf-Of Latchkey-Actor __proto__ constructor"

const HEADER_VALUES =
  "application/json application/jsonl text/event-stream text/html */* chunked bytes=0-1 https://app.example null " +
  'http://localhost same-origin gzip 100-continue W/"x"'

/** Generates header values from all characters that Node's parser allows. */
function headerText(maxLength: number) {
  const beyondAscii = fc.integer({ min: 0x80, max: 0xff })
  const code = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), beyondAscii, fc.constant(0x09))
  return fc.string({ unit: code.map((one) => String.fromCharCode(one)), maxLength })
}

/** Generates header lines, some with lists of proxies or cookies. */
export function hostileHeaders(marker: string): fc.Arbitrary<string[]> {
  const unusual = fc.constantFrom("", marker, "unknown", "_x", "[::1]:80", "1.1.1.1:80")
  const hops = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), unusual), { maxLength: 8 })
  const cookie = fc.tuple(fc.constantFrom("__Host-latchkey", "latchkey", "__proto__", marker), headerText(20))
  const cookies = fc.array(
    cookie.map((pair) => pair.join("=")),
    { maxLength: 8 },
  )
  const value = fc.oneof(
    headerText(40).map((text) => text + marker),
    headerText(40),
    hops.map((list) => list.join(", ")),
    cookies.map((list) => list.join("; ")),
    fc.constantFrom(...HEADER_VALUES.split(" ")),
  )
  const header = fc.tuple(fc.constantFrom(...HEADERS.split(" ")), value)
  return fc.array(
    header.map((pair) => pair.join(": ")),
    { maxLength: 8 },
  )
}

/** Generates headers that name an owner and an actor, and forms that ask about a credential, in any encoding. */
export function hostileBackendCalls(marker: string): fc.Arbitrary<{ headers: string[]; form: string }> {
  const byte = fc.nat(255).map((code) => `%${code.toString(16).padStart(2, "0")}`)
  const piece = fc.oneof(
    byte,
    headerText(10),
    fc.constantFrom("host", "latchkey", " ", ",", "%", "+", "-", marker),
  )
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""))
  const owner = fc.oneof(
    text,
    text.map((subject) => `host ${subject}`),
  )
  const credential = fc.oneof(
    text.map((id) => `Authorization: Basic ${Buffer.from(id).toString("base64")}`),
    text.map((token) => `Authorization: Bearer ${token}`),
    text.map((key) => `X-API-Key: ${key}`),
  )
  return fc.record({
    headers: fc
      .tuple(owner, fc.option(text), fc.option(credential))
      .map(([named, actor, presented]) => [
        `Latchkey-On-Behalf-Of: ${named}`,
        ...(actor === null ? [] : [`Latchkey-Actor: ${actor}`]),
        ...(presented === null ? [] : [presented]),
      ]),
    form: fc
      .array(fc.tuple(fc.constantFrom("token", "address", "token_type_hint", "__proto__", ""), text), {
        maxLength: 4,
      })
      .map((fields) => fields.map((field) => field.join("=")).join("&")),
  })
}

/** Generates functions that damage bytes in a few places. */
export function damage(): fc.Arbitrary<(bytes: Buffer) => Buffer> {
  const separator = fc
    .constantFrom("\r\n", "\r\n\r\n", "\n", " ", ":", "0\r\n\r\n")
    .map((text) => Buffer.from(text))
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const inserted = fc.oneof(fc.uint8Array({ maxLength: 4 }), separator)
  const place = fc.record({ share, removed: fc.nat(4), inserted })
  return fc.array(place, { minLength: 1, maxLength: 4 }).map((places) => (bytes) => {
    let damaged = bytes
    for (const { share, removed, inserted } of places) {
      const at = Math.floor(damaged.length * share)
      damaged = Buffer.concat([damaged.subarray(0, at), inserted, damaged.subarray(at + removed)])
    }
    return damaged
  })
}
