import type { HeadersSource } from "../types.ts"

interface NodeRequest {
  /** Unlike `headers`, it has all values of a header that was sent twice. */
  headersDistinct: Readonly<Record<string, string[] | undefined>>
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

/** The headers of a request. A Node request has more of them than its `headers` show. */
export const headersOf = (request: { headers: HeadersSource } | NodeRequest): Headers =>
  "headersDistinct" in request
    ? readHeaders(request.headersDistinct as HeadersSource)
    : readHeaders(request.headers)

/** Node accepts values that `Headers` does not. No credential contains such characters. */
function append(headers: Headers, name: string, value: string) {
  try {
    headers.append(name, value)
  } catch {
    headers.append(name, "?")
  }
}
