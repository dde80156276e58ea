import { DatabaseUrlError } from "./databaseUrlError.ts"

/** Parameters of libpq, other drivers and providers that have no meaning here and can safely be ignored. */
const HARMLESS = new Set(
  `channel_binding client_encoding connect_timeout connection_limit default_query_exec_mode gssdelegation gssencmode
  gsslib idle_timeout keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname load_balance_hosts max
  max_lifetime max_protocol_version min_protocol_version pgbouncer pool_max_conns pool_min_conns pool_timeout prepare
  prepared_statement_cache_size socket_timeout sslcertmode sslcompression sslsni statement_cache_mode
  statement_cache_size supa tcp_user_timeout uselibpqcompat workaround`.split(/\s+/),
)

/** Values that request the existing behaviour. */
const DONE_ANYWAY = new Set([
  "channel_binding=disable",
  "channel_binding=prefer",
  "gssencmode=disable",
  "gssencmode=prefer",
])

/** The parameters of a URL that have not been read yet. */
export interface UrlParameters {
  /** An empty value counts as none, as with libpq. */
  take(name: string): string | undefined
  /**
   * Returns the names of the remaining parameters that have no effect.
   *
   * @throws {DatabaseUrlError} if one is unknown, since it may be meant to protect something.
   */
  ignoreRest(): string[]
}

export function createUrlParameters(query: string): UrlParameters {
  const parameters = new Map<string, string>()
  for (const part of query.split("&")) {
    const [name = "", ...value] = part.split("=")
    // libpq does not decode "+". In `options` it can only be a space that JavaScript encoded.
    const text = name === "options" ? value.join("=").replaceAll("+", " ") : value.join("=")
    if (name !== "") parameters.set(decode(name), decode(text, name))
  }
  return {
    take(name) {
      const value = parameters.get(name)
      parameters.delete(name)
      return value || undefined
    },
    ignoreRest() {
      const rest = [...parameters].filter(
        ([name, value]) => value !== "" && !DONE_ANYWAY.has(`${name}=${value}`),
      )
      for (const [name, value] of rest) refuseUnknown(name, value)
      return rest.map(([name]) => name)
    },
  }
}

function refuseUnknown(name: string, value: string) {
  if (name === "gssencmode") throw new DatabaseUrlError("gssencmode: expected disable or prefer")
  if (name === "channel_binding" && value !== "require") {
    throw new DatabaseUrlError("channel_binding: expected disable, prefer or require")
  }
  if (HARMLESS.has(name)) return
  const shown = /^\w{1,63}$/.test(name) ? ` ${name}` : ""
  throw new DatabaseUrlError(
    `unknown parameter${shown}; put PostgreSQL settings into options, such as options=-c%20work_mem%3D8MB`,
  )
}

/** @throws {DatabaseUrlError} that names the parameter, if there is one. */
export function decode(text: string, parameter?: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes("\0")) return decoded
  } catch {}
  const where = parameter !== undefined && /^\w{1,63}$/.test(parameter) ? `${parameter}: ` : ""
  throw new DatabaseUrlError(
    `${where}expected each % to be followed by two hex digits of UTF-8; write a % in the password as %25`,
  )
}
