import postgres from "postgres"

export type { ReservedSql, Sql } from "postgres"

/** Connects a test directly to a database, without the service. It sees the service's tables before others. */
export const connect = (url: string) =>
  postgres(url, {
    max: 1,
    connect_timeout: 2,
    onnotice: () => {},
    connection: { search_path: "latchkey, public" },
  })
