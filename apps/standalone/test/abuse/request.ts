/** What can be said to both surfaces: the creation of a key, which takes text and a time. */
export const CREATE = [
  { surface: "REST", path: "/auth/apikeys", wrap: (json: string) => json },
  { surface: "tRPC", path: "/trpc/apiKeys.create", wrap: (json: string) => `{"json":${json}}` },
]

/** A request in bytes: with a Host, the length of its body, and `Connection: close` unless it says otherwise. */
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
  // Node writes text as UTF-8; a header's characters beyond ASCII are to be single bytes.
  const head = Buffer.from(`${line} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n`, "latin1")
  return Buffer.concat([head, Buffer.from(body ?? "")])
}
