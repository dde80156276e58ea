import { isIPv6 } from "node:net"
import { quoteIdentifier } from "../../schemaName.ts"
import { DatabaseUrlError } from "./databaseUrlError.ts"
import { readTls, type Tls } from "./readTls.ts"
import { createUrlParameters, decode, type UrlParameters } from "./urlParameters.ts"

/** One or several equivalent servers, as postgres.js accepts them. Parts that the URL omits are absent. */
export interface ServerOptions extends Tls {
  host: string[]
  /** One for each host. */
  port: number[]
  /** A Unix socket, instead of the hosts. */
  path?: string
  user?: string
  pass?: string
  database?: string
  /** Settings of each connection. */
  connection: Record<string, string>
}

export interface DatabaseUrl {
  options: ServerOptions
  /** Whether a server whose transactions are read-only is refused: `target_session_attrs=read-write`. */
  mustBeWritable: boolean
  /** Names of the parameters that have no effect. */
  ignored: string[]
}

const ENCODE_PASSWORD =
  "expected /, ?, # and @ in the password to be percent-encoded as %2F, %3F, %23 and %40"

/**
 * Parses the URL of a PostgreSQL server as libpq does, and reads the certificates that it names. postgres.js alone
 * would send every unknown parameter to the server, which would refuse the connection.
 *
 * @throws {DatabaseUrlError}
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const [, authority, path = "", query = ""] =
    /^postgres(?:ql)?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(text.trim()) ?? []
  if (authority === undefined) {
    throw new DatabaseUrlError("expected a URL such as postgres://user:password@host:5432/database")
  }
  try {
    // A "/" in the password ends the authority, so the host ends up in the path. With an "@" before it, a part of the
    // password becomes the host, and the error about that host would repeat it.
    if (path.includes("@")) throw new DatabaseUrlError(ENCODE_PASSWORD)
    return parseParts(authority, path, createUrlParameters(query))
  } catch (error) {
    // The query may be part of a password, which an error must not repeat.
    throw authority.includes("@") || !query.includes("@") ? error : new DatabaseUrlError(ENCODE_PASSWORD)
  }
}

function parseParts(authority: string, path: string, parameters: UrlParameters): DatabaseUrl {
  const at = authority.lastIndexOf("@")
  const [user = "", ...password] = authority.slice(0, Math.max(at, 0)).split(":")
  const servers = readServers(authority.slice(at + 1), parameters)
  const mustBeWritable = takeSessionAttributes(parameters) === "read-write"
  const options = {
    ...servers,
    ...withoutEmpty({
      user: parameters.take("user") ?? decode(user),
      pass: parameters.take("password") ?? decode(password.join(":")),
      database: parameters.take("dbname") ?? decode(path),
    }),
    connection: readSettings(parameters),
    ...readTls(parameters, servers),
  }
  return { options, mustBeWritable, ignored: parameters.ignoreRest() }
}

/** The hosts and ports of the authority, unless the parameters `host` and `port` replace them. */
function readServers(authority: string, parameters: UrlParameters) {
  const servers = authority.split(",").map((server) => {
    const [, host, port] = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(server) ?? []
    if (host === undefined) {
      throw new DatabaseUrlError(
        "expected a host and a port such as db.internal:5432, or [::1]:5432 for IPv6",
      )
    }
    return { host: decode(host), port: port ?? "" }
  })
  const hosts = (parameters.take("host")?.split(",") ?? servers.map(({ host }) => host)).map(readHost)
  const ports = (parameters.take("port")?.split(",") ?? servers.map(({ port }) => port)).map(readPort)
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw new DatabaseUrlError("port: expected one port, or one for each host")
  }
  const port = hosts.map((_, index) => ports[index] ?? ports[0] ?? DEFAULT_PORT)
  const folder = hosts.find((host) => host.startsWith("/"))
  if (folder === undefined) return { host: hosts, port }
  if (hosts.length > 1) throw new DatabaseUrlError("expected hosts, or one folder of a Unix socket")
  return { host: hosts, port, path: `${folder}/.s.PGSQL.${port[0]}` }
}

export const DEFAULT_PORT = 5432

function readHost(text: string): string {
  const inBrackets = /^\[(.*)\]$/.exec(text)?.[1]
  const host = inBrackets ?? (text === "" ? "localhost" : text)
  const isAddress = inBrackets !== undefined || host.includes(":")
  if (/[\s@]/.test(host) || (isAddress && !isIPv6(host.split("%", 1)[0] ?? ""))) {
    throw new DatabaseUrlError("expected a host name, an address, or the folder of a Unix socket")
  }
  return host
}

function readPort(text: string): number {
  const port = text === "" ? DEFAULT_PORT : Number(text)
  if (!/^\d*$/.test(text) || port < 1 || port > 65_535) {
    throw new DatabaseUrlError("port: expected a number from 1 to 65535")
  }
  return port
}

/** The driver skips standbys whatever the URL requests. */
function takeSessionAttributes(parameters: UrlParameters): string {
  const attributes = parameters.take("target_session_attrs") ?? "any"
  if (!["any", "read-write", "primary"].includes(attributes)) {
    throw new DatabaseUrlError(
      "target_session_attrs: expected any, read-write or primary, as Latchkey writes to the database",
    )
  }
  return attributes
}

function readSettings(parameters: UrlParameters): Record<string, string> {
  const fallback = parameters.take("fallback_application_name") ?? "latchkey"
  // Prisma's parameter, usually "public". That is PostgreSQL's default, and many poolers refuse the setting.
  const schema = parameters.take("schema") ?? "public"
  const ofSchema = schema === "public" ? "" : quoteIdentifier(schema)
  return {
    application_name: parameters.take("application_name") ?? fallback,
    ...withoutEmpty({
      options: parameters.take("options") ?? "",
      search_path: parameters.take("search_path") ?? ofSchema,
    }),
  }
}

function withoutEmpty<Name extends string>(values: Record<Name, string>): Partial<Record<Name, string>> {
  const given = Object.entries(values).filter(([, value]) => value !== "")
  return Object.fromEntries(given) as Partial<Record<Name, string>>
}
