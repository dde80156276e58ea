import type { Operation } from "./openApi.ts"

/** The headers that present a credential, by the name of its security scheme. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  accessToken: '-H "Authorization: Bearer $ACCESS_TOKEN"',
  apiKey: '-H "X-API-Key: $LATCHKEY_API_KEY"',
}

/**
 * An operation as a shell command. Credentials are in variables, because a secret must not get into a shell's history.
 *
 * @param body an example of the request's body; undefined if the request has none.
 */
export function toCurl(baseUrl: string, operation: Operation, body: unknown): string {
  const { method, path, parameters, security, requestBody } = operation
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(String(parameters.find((parameter) => parameter.name === name)?.example)),
  )
  const query = new URLSearchParams(
    parameters.flatMap(({ name, in: place, required, example }) =>
      place === "query" && (required || SHOWN.includes(name)) ? [[name, String(example)]] : [],
    ),
  )
  const headers = parameters.flatMap(({ name, in: place, required, example }) =>
    place === "header" && required ? [`-H ${quote(`${name}: ${example}`)}`] : [],
  )
  const [type = ""] = Object.keys(requestBody?.content ?? {})
  const credential = security.flatMap((scheme) => CREDENTIALS[Object.keys(scheme)[0] ?? ""] ?? [])[0]
  const parts = [
    `curl${method === "GET" || (method === "POST" && body !== undefined) ? "" : ` -X ${method}`} ${quote(
      baseUrl + filled + (query.size > 0 ? `?${query}` : ""),
    )}`,
    ...(credential === undefined ? [] : [credential]),
    ...headers,
    ...(body === undefined ? [] : bodyParts(type, body)),
  ]
  return parts.join(" \\\n  ")
}

/** Optional parameters that make an example clearer. Examples omit all others. */
const SHOWN = ["limit", "days", "scope"]

function bodyParts(type: string, body: unknown): string[] {
  if (type.endsWith("form-urlencoded")) {
    return Object.entries(Object(body)).map(
      ([name, value]) => `--data-urlencode ${quote(`${name}=${value}`)}`,
    )
  }
  return [`-H ${quote(`Content-Type: ${type}`)}`, `-d ${quote(JSON.stringify(body))}`]
}

/** A word for a POSIX shell. */
const quote = (text: string) =>
  /^[\w:/.?=&%-]+$/.test(text) && !text.includes("&") && !text.includes("?")
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`
