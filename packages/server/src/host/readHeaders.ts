import type { HeadersSource } from "../types.ts"

/** A request of Node's, over HTTP/1 or HTTP/2, or one of Fastify's around it. */
interface NodeRequest {
  /** Names and values in turn, as they were sent. Unlike `headers`, it has all values of a header that was sent twice. */
  rawHeaders?: readonly string[]
  raw?: { rawHeaders?: readonly string[] }
}

const hasGet = (source: HeadersSource): source is Pick<Headers, "get"> => typeof source.get === "function"

/** Headers that can be read by name, from any of the forms that frameworks use. */
export function readHeaders(source: HeadersSource): Headers {
  if (source instanceof Headers) return source
  if (hasGet(source)) return source as Headers
  const headers = new Headers()
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined || name.startsWith(":")) continue
    for (const one of Array.isArray(value) ? value : [value]) append(headers, name, one)
  }
  const authority = source[":authority"]
  if (typeof authority === "string" && !headers.has("host")) append(headers, "host", authority)
  return headers
}

/**
 * The headers of a request, as the host has left them: its middleware may have removed or changed some, such as a user's
 * name that only a proxy may send. Node keeps just the first value of some headers, such as `Authorization`, if they were
 * sent twice; the other values are added. `headersDistinct` has them too, but older versions of Node, such as 20.19, throw
 * there if a client sends a header `__proto__` or `constructor`. A request that an adapter for a serverless platform has
 * made has only `headers`.
 */
export function headersOf(request: { headers: HeadersSource } & NodeRequest): Headers {
  const { headers: source, raw, rawHeaders = raw?.rawHeaders } = request
  const headers = readHeaders(source)
  return rawHeaders && !hasGet(source) ? withDropped(headers, { source, rawHeaders }) : headers
}

/** Adds the values that Node has dropped, unless the host has changed the header. */
function withDropped(
  headers: Headers,
  { source, rawHeaders }: { source: Readonly<Record<string, unknown>>; rawHeaders: readonly string[] },
): Headers {
  const firstValues = new Map<string, string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name, value = ""] = [rawHeaders[index]?.toLowerCase() ?? "", rawHeaders[index + 1]]
    const first = firstValues.get(name)
    if (first === undefined) firstValues.set(name, value)
    else if (source[name] === first) append(headers, name, value)
  }
  return headers
}

/** What a header's name may contain: RFC 9110, section 5.6.2. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/

/**
 * Hosts, and the records of serverless platforms, accept names and values that `Headers` does not. No credential contains
 * such characters.
 */
function append(headers: Headers, name: string, value: string) {
  if (!NAME.test(name)) return
  try {
    headers.append(name, value)
  } catch {
    headers.append(name, "?")
  }
}
