import postgres from "postgres"

export type { ReservedSql, Sql } from "postgres"

/** A test's own connection to a database, past the service. */
export const connect = (url: string) => postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} })
