import { getMigrations } from "better-auth/db/migration"
import { databaseUrl } from "../../src/contenders/parts/environment.ts"
import { betterAuthOptions } from "./betterAuthOptions.ts"

/** Creates Better Auth's tables with its own migrations. */
const { runMigrations } = await getMigrations(betterAuthOptions(databaseUrl()))
await runMigrations()
process.send?.({ ready: true })
