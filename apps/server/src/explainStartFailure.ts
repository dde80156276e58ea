import { DatabaseUnusable, DatabaseUrlError, DataFolderInUse } from "@latchkey/db"
import { codeOf } from "./codeOf.ts"
import { EnvError } from "./env.ts"
import { describeError } from "./log.ts"
import { StartFailure, type StartStage } from "./startFailure.ts"

/** A variable, the codes of failures that it can mend, and what was expected of it. */
type Explanation = [variable: string, codes: RegExp, expected: string]

const DATA_FOLDER: Explanation[] = [
  ["DATA_DIR", /^(EACCES|EPERM)$/, "expected a folder that this user owns and may write to"],
  [
    "DATA_DIR",
    /^(ENOTDIR|EEXIST|EISDIR|ELOOP)$/,
    "expected a folder with files of Latchkey, but found something else",
  ],
  ["DATA_DIR", /^EROFS$/, "expected a folder that can be written to; its file system is read-only"],
  ["DATA_DIR", /^(ENOSPC|EDQUOT)$/, "expected more free space on the disk of the folder"],
  ["DATA_DIR", /^/, "expected a folder that can keep a database"],
]

const DATABASE: Explanation[] = [
  ["DATABASE_URL", /^(ENOTFOUND|EAI_\w+)$/, "expected a host that can be found"],
  ["DATABASE_URL", /^ECONNREFUSED$/, "expected a running PostgreSQL; the connection was refused"],
  [
    "DATABASE_URL",
    /^(CONNECT_TIMEOUT|ETIMEDOUT|EHOST\w+|ENET\w+)$/,
    "expected a running PostgreSQL; nothing answered",
  ],
  [
    "DATABASE_URL",
    /^(ENOENT|EACCES|ENOTSOCK)$/,
    "expected the folder of a Unix socket that PostgreSQL listens on",
  ],
  ["DATABASE_URL", /^(NO_TLS)$/, "expected a PostgreSQL with TLS, as sslmode asks; this one has none"],
  [
    "DATABASE_URL",
    /^(ECONNRESET|EPIPE|CONNECTION_\w+)$/,
    "expected a running PostgreSQL, with TLS if sslmode asks for it; the connection was cut",
  ],
  [
    "DATABASE_URL",
    /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|CERT_SIGNATURE|INVALID_CA|INVALID_PURPOSE/,
    "expected a certificate of a known authority; name the file of another authority in sslrootcert",
  ],
  [
    "DATABASE_URL",
    /ALTNAME|HOSTNAME_MISMATCH/,
    "expected a certificate for this host; sslmode=verify-ca allows another name",
  ],
  ["DATABASE_URL", /^(CERT|CRL)_/, "expected a certificate that is valid now"],
  [
    "DATABASE_URL",
    /^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/,
    "expected a PostgreSQL with TLS; agreeing on it failed",
  ],
  ["DATABASE_URL", /^(28P01|SASL_\w+)$/, "expected a user and password that PostgreSQL accepts"],
  [
    "DATABASE_URL",
    /^(28000|AUTH_TYPE_\w+)$/,
    "expected a user that PostgreSQL lets in; where it wants TLS, add sslmode=require",
  ],
  ["DATABASE_URL", /^3D000$/, "expected a database that exists"],
  ["DATABASE_URL", /^42501$/, "expected a user that may create tables and owns those of Latchkey"],
  [
    "DATABASE_URL",
    /^08P01$/,
    "expected a pooler that knows this user and database, takes the URL's settings, and reaches PostgreSQL",
  ],
  ["DATABASE_URL", /^57P03$/, "expected a PostgreSQL that takes connections; it is still starting"],
  ["DATABASE_URL", /^57P0\d$/, "expected a running PostgreSQL; it is shutting down"],
  ["DATABASE_URL", /^53300$/, "expected a PostgreSQL with free connections; as many are open as it allows"],
  ["DATABASE_URL", /^25006$/, "expected a primary; this database is read-only, as a standby is"],
  ["DATABASE_URL", /^53\w{3}$/, "expected a PostgreSQL with enough free disk and memory"],
  ["DATABASE_URL", /^(22023|42704|42601|42602)$/, "expected options and settings that PostgreSQL knows"],
  ["DATABASE_URL", /^(42883|0A000)$/, "expected PostgreSQL 14 or newer"],
  ["DATABASE_URL", /^/, "expected a PostgreSQL that Latchkey can set its tables up in"],
]

/** What is said of the address to listen on; `port` is the variable of the port. */
const listening = (port: string): Explanation[] => [
  [port, /^EADDRINUSE$/, "expected an address that is free; another process listens on this one"],
  [port, /^(EACCES|EPERM)$/, "expected a port that this user may listen on"],
  ["HOST", /^(EADDRNOTAVAIL|ENOTFOUND|EAI_\w+|EINVAL|EAFNOSUPPORT)$/, "expected an address of this machine"],
  [`${port} and HOST`, /^/, "expected an address to listen on"],
]

const STAGES: Record<StartStage, Explanation[]> = {
  dataFolder: DATA_FOLDER,
  database: DATABASE,
  metrics: listening("METRICS_PORT"),
  listening: listening("PORT"),
}

/** Says in a sentence why the server can't start, for whoever starts it: what is wrong, and with which variable. */
export function explainStartFailure(error: unknown): string {
  if (error instanceof EnvError) return error.message
  if (!(error instanceof StartFailure)) return `Latchkey could not start, which is a bug (${placeOf(error)})`
  const { stage, cause } = error
  if (cause instanceof EnvError || cause instanceof DataFolderInUse) return cause.message
  const code = codeOf(cause) ?? nameOf(cause)
  const [variable, , expected] = STAGES[stage].find(([, codes]) => codes.test(code)) ?? []
  if (cause instanceof DatabaseUnusable || cause instanceof DatabaseUrlError)
    return `${variable}: ${cause.message}`
  return `${variable}: ${expected} (${code})`
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : typeof error)

/** For a report: the kind of error, and where it was thrown. */
function placeOf(error: unknown): string {
  const { type, at } = describeError(error)
  return at?.[0] === undefined ? type : `${type} at ${at[0]}`
}
