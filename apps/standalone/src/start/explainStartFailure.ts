import { describeError } from "@latchkey/api"
import { codeOf, DatabaseUnusable, DataFolderInUse, isOfStandby } from "@latchkey/db"
import { RestoreLogError } from "@latchkey/server/internal"
import { EnvError } from "../env.ts"
import { StartFailure, type StartStage } from "./startFailure.ts"

/** Error codes, and what the variable that caused them was expected to be. */
type Explanation = [codes: RegExp, expected: string]

const DATA_FOLDER: Explanation[] = [
  [/^(EACCES|EPERM)$/, "expected a folder that this user owns and may write to"],
  [/^(ENOTDIR|EEXIST|EISDIR|ELOOP)$/, "expected a folder with files of Latchkey, but found something else"],
  [/^EROFS$/, "expected a writable folder; its file system is read-only"],
  [/^(ENOSPC|EDQUOT)$/, "expected more free space on the folder's disk"],
  [/^/, "expected a folder that can keep a database"],
]

const DATABASE: Explanation[] = [
  [/^(ENOTFOUND|EAI_\w+)$/, "expected a host name that can be resolved"],
  [/^ECONNREFUSED$/, "expected a running PostgreSQL; the connection was refused"],
  [/^ETIMEDOUT$/, "expected a running PostgreSQL; it did not answer in time"],
  [/^(EHOST|ENET)\w+$/, "expected a running PostgreSQL; it could not be reached"],
  [/^NOT_POSTGRES$/, "expected a PostgreSQL; another kind of server answered"],
  [/^(ENOENT|EACCES|ENOTSOCK)$/, "expected the folder of a Unix socket that PostgreSQL listens on"],
  [/^(NO_TLS)$/, "expected a PostgreSQL with TLS, as sslmode requires; this one has none"],
  [
    /^(ECONNRESET|EPIPE|CONNECTION_\w+)$/,
    "expected a running PostgreSQL, with TLS if sslmode requires it; the connection was lost",
  ],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|CERT_SIGNATURE|INVALID_CA|INVALID_PURPOSE/,
    "expected a certificate from a known authority; for any other authority, set sslrootcert to its certificate file",
  ],
  [
    /ALTNAME|HOSTNAME_MISMATCH/,
    "expected a certificate for this host; sslmode=verify-ca accepts other names",
  ],
  [/^(CERT|CRL)_/, "expected a certificate that is valid now"],
  [/^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/, "expected a PostgreSQL with TLS; the handshake failed"],
  [/^(28P01|SASL_\w+)$/, "expected a user and password that PostgreSQL accepts"],
  [
    /^(28000|AUTH_TYPE_\w+)$/,
    "expected a user that PostgreSQL lets in; if it requires TLS, add sslmode=require",
  ],
  [/^3D000$/, "expected a database that exists"],
  [/^42501$/, "expected a user with the rights that docs/postgresql.md lists"],
  [
    /^08P01$/,
    "expected a pooler that knows this user and database, accepts the URL's settings, and reaches PostgreSQL",
  ],
  [/^57P03$/, "expected a PostgreSQL that accepts connections; it is still starting"],
  [/^57P0\d$/, "expected a running PostgreSQL; it is shutting down"],
  [/^53300$/, "expected a PostgreSQL with free connections; its limit is reached"],
  [/^25006$/, "expected a primary; this database is read-only, as a standby is"],
  [/^53\w{3}$/, "expected a PostgreSQL with enough free memory and disk space"],
  [/^(22023|42704|42601|42602)$/, "expected options and settings that PostgreSQL knows"],
  [/^(42883|0A000)$/, "expected PostgreSQL 14 or newer"],
  [/^DatabaseUnavailable$/, "expected a PostgreSQL that answers queries in time; it did not"],
  [/^/, "expected a PostgreSQL in which Latchkey can create its tables"],
]

const PORTS: Explanation[] = [
  [/^(EADDRINUSE|EACCES|EPERM)$/, "expected a port that is free and may be listened on"],
]

const HOST: Explanation[] = [[/^/, "expected an address of this machine"]]

/** For each stage, the variables that can make it fail. */
const STAGES: Record<StartStage, Readonly<Record<string, Explanation[]>>> = {
  dataFolder: { DATA_DIR: DATA_FOLDER },
  database: { DATABASE_URL: DATABASE },
  metrics: { METRICS_PORT: PORTS, HOST },
  listening: { PORT: PORTS, HOST },
}

/** Explains to the operator why the server could not start: which variable is at fault, and what was expected of it. */
export function explainStartFailure(error: unknown): string {
  if (error instanceof EnvError) return error.message
  if (!(error instanceof StartFailure)) return bug(error)
  return explain(error.stage, error.cause)
}

/** Explains why a PostgreSQL can't be used, in one line. */
export const explainDatabaseFailure = (error: unknown): string => explain("database", error)

function explain(stage: StartStage, cause: unknown): string {
  if (cause instanceof RestoreLogError) return `RESTORE_LOG: ${cause.message}`
  if (cause instanceof EnvError || cause instanceof DataFolderInUse) return cause.message
  const code = codeOf(cause) ?? nameOf(cause)
  for (const [variable, explanations] of Object.entries(STAGES[stage])) {
    if (isOfStandby(cause)) return `${variable}: expected a primary; this server is a standby`
    if (cause instanceof DatabaseUnusable) return `${variable}: ${cause.message}`
    const expected = explanations.find(([codes]) => codes.test(code))?.[1]
    if (expected !== undefined) return `${variable}: ${expected} (${code})`
  }
  return bug(cause)
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : typeof error)

/** Contains what a bug report needs: the type of the error, and where it was thrown. */
function bug(error: unknown): string {
  const { type, at } = describeError(error)
  return `Latchkey could not start, because of a bug (${type}${at?.[0] === undefined ? "" : ` at ${at[0]}`})`
}
