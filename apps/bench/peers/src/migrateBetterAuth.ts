import { getMigrations } from "better-auth/db/migration"
import { databaseUrl } from "../../src/contenders/parts/environment.ts"
import { betterAuthOptions } from "./betterAuthOptions.ts"

/** Makes Better Auth's own tables with its own migrations. */
const { runMigrations } = await getMigrations(betterAuthOptions(databaseUrl()))
await runMigrations()
process.send?.({ ready: true })
