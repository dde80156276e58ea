/** The variables that the command `latchkey` reads from the environment. The library reads none. */
export function readDatabaseEnv(variables: NodeJS.ProcessEnv): {
  databaseUrl: string | undefined
  schema: string | undefined
  requireSynchronous: boolean
} {
  return {
    databaseUrl: variables.DATABASE_MIGRATION_URL || variables.DATABASE_URL || undefined,
    schema: variables.DATABASE_SCHEMA || undefined,
    requireSynchronous: variables.REQUIRE_SYNCHRONOUS === "on",
  }
}

/** The directory of an embedded database. */
export const readDataFolder = (variables: NodeJS.ProcessEnv): string | undefined =>
  variables.DATA_DIR || undefined

export const readRestoreLog = (variables: NodeJS.ProcessEnv) => ({
  place: variables.RESTORE_LOG || undefined,
  token: variables.RESTORE_LOG_TOKEN || undefined,
  secret: variables.AUTH_SECRET || undefined,
  previous:
    variables.AUTH_SECRET_PREVIOUS?.split(",")
      .map((secret) => secret.trim())
      .filter(Boolean) ?? [],
})

export const readPublicUrl = (variables: NodeJS.ProcessEnv): string | undefined =>
  variables.PUBLIC_URL || undefined

export const readKeyPrefix = (variables: NodeJS.ProcessEnv): string | undefined =>
  variables.KEY_PREFIX || undefined

/** The scopes that keys may have; undefined if the variable is not set. */
export const readScopes = (variables: NodeJS.ProcessEnv): string[] | undefined =>
  variables.SCOPES ? variables.SCOPES.split(",").map((scope) => scope.trim()) : undefined
