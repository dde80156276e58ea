/** The creation of a key on each surface. Its input has a string and a time. */
export const CREATE = [
  { surface: "REST", path: "/auth/apikeys", wrap: (json: string) => json },
  { surface: "tRPC", path: "/trpc/apiKeys.create", wrap: (json: string) => `{"json":${json}}` },
]

/** Encodes a request. Adds Host, Content-Length and `Connection: close` unless the headers have their own. */
export function request(
  line: string,
  headers: readonly string[] = [],
  body?: string | Uint8Array,
): Uint8Array {
  const has = (name: string) => headers.some((header) => header.toLowerCase().startsWith(`${name}:`))
  const all = [
    ...(has("host") ? [] : ["Host: localhost"]),
    ...(has("connection") ? [] : ["Connection: close"]),
    ...(body === undefined || has("transfer-encoding") || has("content-length")
      ? []
      : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...headers,
  ]
  // Each character of a header must become one byte, and Node would write UTF-8.
  const head = Buffer.from(`${line} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n`, "latin1")
  return Buffer.concat([head, Buffer.from(body ?? "")])
}
