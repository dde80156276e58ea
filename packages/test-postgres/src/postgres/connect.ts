import postgres from "postgres"

export type { ReservedSql, Sql } from "postgres"

/**
 * Connects a test directly to a database, without the service.
 *
 * @param settings of PostgreSQL. By default the connection sees the service's tables before others.
 */
export const connect = (
  url: string,
  settings: Record<string, string> = { search_path: "latchkey, public" },
) =>
  postgres(url, {
    max: 1,
    connect_timeout: 2,
    onnotice: () => {},
    connection: settings,
  })
