/** A parsed HTTP response. */
export interface RawReply {
  status: number
  headers: Headers
  body: string
}

type Bytes = Buffer<ArrayBuffer>

/** Takes the first HTTP/1.1 response from the received bytes. Returns null if it is not complete yet. */
export function takeReply(received: Bytes, hasBody: boolean): { reply: RawReply; rest: Bytes } | null {
  const end = received.indexOf("\r\n\r\n")
  if (end === -1) return null
  const [statusLine = "", ...lines] = received.subarray(0, end).toString("latin1").split("\r\n")
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":")
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
  const after = received.subarray(end + 4)
  if (status === 100) return takeReply(after, hasBody)
  const taken =
    !hasBody || status === 204
      ? { body: "", rest: after }
      : headers.get("transfer-encoding") === "chunked"
        ? takeChunks(after)
        : takeLength(after, Number(headers.get("content-length")))
  return taken && { reply: { status, headers, body: taken.body }, rest: taken.rest }
}

function takeLength(bytes: Bytes, length: number) {
  if (bytes.length < length) return null
  return { body: bytes.subarray(0, length).toString(), rest: bytes.subarray(length) }
}

function takeChunks(bytes: Bytes): { body: string; rest: Bytes } | null {
  const chunks: Bytes[] = []
  for (let rest = bytes; ; ) {
    const lineEnd = rest.indexOf("\r\n")
    if (lineEnd === -1) return null
    const length = Number.parseInt(rest.subarray(0, lineEnd).toString(), 16)
    const next = lineEnd + 2 + length + 2
    if (rest.length < next) return null
    if (length === 0) return { body: Buffer.concat(chunks).toString(), rest: rest.subarray(next) }
    chunks.push(rest.subarray(lineEnd + 2, next - 2))
    rest = rest.subarray(next)
  }
}
