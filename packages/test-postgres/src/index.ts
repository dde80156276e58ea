export { createTestDatabase, type TestDatabase } from "./createTestDatabase.ts"
export { findPgBouncer, runsPgBouncerTests } from "./findPgBouncer.ts"
export { startPgBouncer, type TestPgBouncer } from "./startPgBouncer.ts"
export { startPostgres, type TestPostgres } from "./startPostgres.ts"
