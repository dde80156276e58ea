import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"

/** Tidewater's tables, in PostgreSQL or PGlite. */
export type Database = PgDatabase<PgQueryResultHKT>
