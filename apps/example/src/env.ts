/** Tidewater's configuration. An empty variable counts as unset. */
export function readEnv({ PORT, DATABASE_URL, AUTH_SECRET }: NodeJS.ProcessEnv) {
  return {
    port: Number(PORT || 4000),
    databaseUrl: DATABASE_URL || undefined,
    secret: AUTH_SECRET || undefined,
  }
}
