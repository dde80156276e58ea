export { connect, type ReservedSql, type Sql } from "./connect.ts"
export { createTestDatabase, type TestDatabase } from "./createTestDatabase.ts"
export { startPostgres, type TestPostgres } from "./startPostgres.ts"
