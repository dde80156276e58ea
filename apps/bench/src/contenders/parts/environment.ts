/** What the benchmark tells a contender: the port of the loopback interface to listen on, and its database. */
export const port = () => Number(process.env.PORT)

export function databaseUrl(): string {
  const url = process.env.DATABASE_URL
  if (!url) throw new TypeError("DATABASE_URL is not set")
  return url
}
