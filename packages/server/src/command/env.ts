/** What the command `latchkey` reads from the environment. The library reads nothing from it. */
export function readDatabaseEnv(variables: NodeJS.ProcessEnv): {
  databaseUrl: string | undefined
  schema: string | undefined
} {
  return {
    databaseUrl: variables.DATABASE_MIGRATION_URL || variables.DATABASE_URL || undefined,
    schema: variables.DATABASE_SCHEMA || undefined,
  }
}

export const readKeyPrefix = (variables: NodeJS.ProcessEnv): string | undefined =>
  variables.KEY_PREFIX || undefined

/** The scopes that keys may have; undefined if the variable is not set. */
export const readScopes = (variables: NodeJS.ProcessEnv): string[] | undefined =>
  variables.SCOPES ? variables.SCOPES.split(",").map((scope) => scope.trim()) : undefined
