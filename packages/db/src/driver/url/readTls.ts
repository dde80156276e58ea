import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { type ConnectionOptions, createSecureContext, type SecureVersion } from "node:tls"
import { DatabaseUrlError } from "./databaseUrlError.ts"
import type { UrlParameters } from "./urlParameters.ts"

/** No TLS, TLS if the server supports it, or TLS with these options. */
export interface Tls {
  ssl: false | "prefer" | ConnectionOptions
  sslnegotiation?: "direct"
}

const MODES = ["disable", "allow", "prefer", "require", "no-verify", "verify-ca", "verify-full"]

/**
 * Reads the TLS parameters. `sslmode` means the same as in libpq, except that `allow` equals `prefer`, and that the
 * default is no encryption unless another parameter requires TLS. `ssl=true` verifies the server, as in other
 * JavaScript drivers.
 */
export function readTls(parameters: UrlParameters, server: { path?: string }): Tls {
  const names = ["sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl"] as const
  const files = Object.fromEntries(names.map((name) => [name, parameters.take(name)]))
  const versions = {
    ...readVersion(parameters, "ssl_min_protocol_version", "minVersion"),
    ...readVersion(parameters, "ssl_max_protocol_version", "maxVersion"),
  }
  const isDirect = readChoice(parameters, "sslnegotiation", ["postgres", "direct"]) === "direct"
  const asked = Object.values(files).some((value) => value !== undefined) || isDirect
  const mode = readMode(parameters, files.sslrootcert) ?? (asked ? "require" : "disable")
  // As with libpq, a Unix socket is never encrypted.
  if (mode === "disable" || server.path !== undefined) return { ssl: false }
  if (mode === "allow" || mode === "prefer") {
    if (!asked) return { ssl: "prefer" }
    throw new DatabaseUrlError(
      "sslmode: expected require, verify-ca or verify-full with other TLS parameters",
    )
  }
  const { sslrootcert, sslcert, sslkey, sslpassword, sslcrl } = files
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw new DatabaseUrlError("sslcert and sslkey: expected both or neither")
  }
  const checksServer = mode !== "no-verify" && (mode !== "require" || sslrootcert !== undefined)
  const ssl: ConnectionOptions = {
    ...versions,
    ...(sslrootcert !== undefined &&
      sslrootcert !== "system" && { ca: readCertificates("sslrootcert", sslrootcert) }),
    ...(sslcert !== undefined && { cert: readCertificates("sslcert", sslcert) }),
    ...(sslkey !== undefined && { key: readParameterFile("sslkey", sslkey) }),
    ...(sslpassword !== undefined && { passphrase: sslpassword }),
    ...(sslcrl !== undefined && { crl: readParameterFile("sslcrl", sslcrl) }),
    rejectUnauthorized: checksServer,
    ...(mode !== "verify-full" && { checkServerIdentity: () => undefined }),
  }
  try {
    createSecureContext(ssl)
  } catch {
    throw new DatabaseUrlError(
      "sslcert, sslkey, sslpassword and sslcrl: expected PEM files that belong together",
    )
  }
  return { ssl, ...(isDirect && { sslnegotiation: "direct" }) }
}

function readMode(parameters: UrlParameters, sslrootcert: string | undefined): string | undefined {
  const ssl = readChoice(parameters, "ssl", ["true", "false", ...MODES])
  const ofSsl = ssl === "true" ? "verify-full" : ssl === "false" ? "disable" : ssl
  const mode = readChoice(parameters, "sslmode", MODES) ?? ofSsl
  if (sslrootcert !== "system") return mode
  if (mode === undefined || mode === "verify-full") return "verify-full"
  throw new DatabaseUrlError("sslmode: expected verify-full with sslrootcert=system")
}

function readChoice(parameters: UrlParameters, name: string, choices: readonly string[]): string | undefined {
  const value = parameters.take(name)
  if (value === undefined || choices.includes(value)) return value
  throw new DatabaseUrlError(`${name}: expected one of ${choices.join(", ")}`)
}

function readVersion(parameters: UrlParameters, name: string, option: "minVersion" | "maxVersion") {
  const version = readChoice(parameters, name, ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
  return version === undefined ? {} : { [option]: version as SecureVersion }
}

function readCertificates(name: string, path: string): string {
  const pem = readParameterFile(name, path)
  try {
    new X509Certificate(pem)
    return pem
  } catch {
    throw new DatabaseUrlError(`${name}: expected a file with a certificate in PEM`)
  }
}

function readParameterFile(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    throw new DatabaseUrlError(
      `${name}: expected a file that can be read (${(error as NodeJS.ErrnoException).code})`,
    )
  }
}
