import { describeError } from "@latchkey/api"
import { DatabaseUnusable, DataFolderInUse } from "@latchkey/db"
import { codeOf } from "./codeOf.ts"
import { EnvError } from "./env.ts"
import { StartFailure, type StartStage } from "./startFailure.ts"

/** Codes of failures, and what was expected of the variable that can mend them. */
type Explanation = [codes: RegExp, expected: string]

const DATA_FOLDER: Explanation[] = [
  [/^(EACCES|EPERM)$/, "expected a folder that this user owns and may write to"],
  [/^(ENOTDIR|EEXIST|EISDIR|ELOOP)$/, "expected a folder with files of Latchkey, but found something else"],
  [/^EROFS$/, "expected a folder that can be written to; its file system is read-only"],
  [/^(ENOSPC|EDQUOT)$/, "expected more free space on the disk of the folder"],
  [/^/, "expected a folder that can keep a database"],
]

const DATABASE: Explanation[] = [
  [/^(ENOTFOUND|EAI_\w+)$/, "expected a host that can be found"],
  [/^ECONNREFUSED$/, "expected a running PostgreSQL; the connection was refused"],
  [/^(CONNECT_TIMEOUT|ETIMEDOUT|EHOST\w+|ENET\w+)$/, "expected a running PostgreSQL; nothing answered"],
  [/^(ENOENT|EACCES|ENOTSOCK)$/, "expected the folder of a Unix socket that PostgreSQL listens on"],
  [/^(NO_TLS)$/, "expected a PostgreSQL with TLS, as sslmode asks; this one has none"],
  [
    /^(ECONNRESET|EPIPE|CONNECTION_\w+)$/,
    "expected a running PostgreSQL, with TLS if sslmode asks for it; the connection was cut",
  ],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|CERT_SIGNATURE|INVALID_CA|INVALID_PURPOSE/,
    "expected a certificate of a known authority; name the file of another authority in sslrootcert",
  ],
  [
    /ALTNAME|HOSTNAME_MISMATCH/,
    "expected a certificate for this host; sslmode=verify-ca allows another name",
  ],
  [/^(CERT|CRL)_/, "expected a certificate that is valid now"],
  [/^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/, "expected a PostgreSQL with TLS; agreeing on it failed"],
  [/^(28P01|SASL_\w+)$/, "expected a user and password that PostgreSQL accepts"],
  [
    /^(28000|AUTH_TYPE_\w+)$/,
    "expected a user that PostgreSQL lets in; where it wants TLS, add sslmode=require",
  ],
  [/^3D000$/, "expected a database that exists"],
  [/^42501$/, "expected a user that may create tables and owns those of Latchkey"],
  [
    /^08P01$/,
    "expected a pooler that knows this user and database, takes the URL's settings, and reaches PostgreSQL",
  ],
  [/^57P03$/, "expected a PostgreSQL that takes connections; it is still starting"],
  [/^57P0\d$/, "expected a running PostgreSQL; it is shutting down"],
  [/^53300$/, "expected a PostgreSQL with free connections; as many are open as it allows"],
  [/^25006$/, "expected a primary; this database is read-only, as a standby is"],
  [/^53\w{3}$/, "expected a PostgreSQL with enough free disk and memory"],
  [/^(22023|42704|42601|42602)$/, "expected options and settings that PostgreSQL knows"],
  [/^(42883|0A000)$/, "expected PostgreSQL 14 or newer"],
  [/^/, "expected a PostgreSQL that Latchkey can set its tables up in"],
]

const PORTS: Explanation[] = [
  [/^(EADDRINUSE|EACCES|EPERM)$/, "expected a port that is free and may be listened on"],
]

const HOST: Explanation[] = [[/^/, "expected an address of this machine"]]

/** In each stage, the variables that it may be about. */
const STAGES: Record<StartStage, Readonly<Record<string, Explanation[]>>> = {
  dataFolder: { DATA_DIR: DATA_FOLDER },
  database: { DATABASE_URL: DATABASE },
  metrics: { METRICS_PORT: PORTS, HOST },
  listening: { PORT: PORTS, HOST },
}

/** Says in a sentence why the server can't start, for whoever starts it: what is wrong, and with which variable. */
export function explainStartFailure(error: unknown): string {
  if (error instanceof EnvError) return error.message
  if (!(error instanceof StartFailure)) return bug(error)
  const { stage, cause } = error
  if (cause instanceof EnvError || cause instanceof DataFolderInUse) return cause.message
  const code = codeOf(cause) ?? nameOf(cause)
  for (const [variable, explanations] of Object.entries(STAGES[stage])) {
    if (cause instanceof DatabaseUnusable) return `${variable}: ${cause.message}`
    const expected = explanations.find(([codes]) => codes.test(code))?.[1]
    if (expected !== undefined) return `${variable}: ${expected} (${code})`
  }
  return bug(cause)
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : typeof error)

/** With what a report of it needs: the kind of error, and where it was thrown. */
function bug(error: unknown): string {
  const { type, at } = describeError(error)
  return `Latchkey could not start, which is a bug (${type}${at?.[0] === undefined ? "" : ` at ${at[0]}`})`
}
