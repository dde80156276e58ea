import { startPostgres } from "@latchkey/test-postgres"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  export interface ProvidedContext {
    /** A PostgreSQL server on which tests create databases of their own. */
    postgresUrl: string
  }
}

/** One server for the whole run: `TEST_DATABASE_URL`, or one that the suite starts and stops. */
export default async function setup(project: TestProject) {
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    project.provide("postgresUrl", given)
    return
  }
  const postgres = await startPostgres(["max_connections=300"])
  project.provide("postgresUrl", postgres.url)
  return () => postgres[Symbol.asyncDispose]()
}
