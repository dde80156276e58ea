/** The loopback port that the benchmark assigned to this contender. */
export const port = () => Number(process.env.PORT)

/** The database that the benchmark assigned to this contender. */
export function databaseUrl(): string {
  const url = process.env.DATABASE_URL
  if (!url) throw new TypeError("DATABASE_URL is not set")
  return url
}
