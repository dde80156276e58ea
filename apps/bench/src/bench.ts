import type { Contender } from "./contenders.ts"
import type { Cores } from "./cores.ts"
import type { Databases } from "./databases.ts"
import type { Load } from "./load.ts"
import type { Scale } from "./options.ts"
import type { PostgresUsage } from "./postgresAccounting.ts"
import type { PostgresServer } from "./postgresServer.ts"

/** The environment in which measurements run. */
export interface Bench {
  scale: Scale
  cores: Cores | null
  /** The server secret of the receipts. */
  secret: string
  postgres: PostgresServer
  databases: Databases
  load: Load
  postgresUsageOf: (user: string) => Promise<PostgresUsage>
  progress: (line: string) => void
}

export interface Selection {
  contenders: readonly Contender[]
  scenarios: readonly string[]
}
