import { runsBrowserTests, runsPgBouncerTests, startPostgres } from "@latchkey/test-postgres"
import type { TestProject } from "vitest/node"
import { canMountTmpfs } from "./apps/standalone/test/faults/tmpfs.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** A PostgreSQL server on which tests create databases of their own. */
    postgresUrl: string
  }
}

/** One server for the whole run: `TEST_DATABASE_URL`, or one that the suite starts and stops. */
export default async function setup(project: TestProject) {
  const given = process.env.TEST_DATABASE_URL
  const postgres = given ? null : await startPostgres(["max_connections=300"])
  project.provide("postgresUrl", given ?? postgres?.url ?? "")
  return async () => {
    await postgres?.[Symbol.asyncDispose]()
    tellOfSkippedTests(project)
  }
}

/** Last of all, where it is seen. */
function tellOfSkippedTests(project: TestProject) {
  const ran = (part: RegExp) => project.vitest.state.getPaths().some((path) => part.test(path))
  if (ran(/apps\/dashboard/) && !runsBrowserTests()) {
    process.stdout.write(
      "The browser tests of the dashboard did not run: there is no Chromium. To get one: apt-get install chromium, " +
        "or name one in CHROMIUM_PATH.\n",
    )
  }
  if (ran(/faults\/fullDisk/) && !canMountTmpfs()) {
    process.stdout.write(
      "The test of a full disk did not run: it mounts a small file system, for which it has to be root on Linux.\n",
    )
  }
  if (ran(/pgBouncer|lifecycle/) && !runsPgBouncerTests()) {
    process.stdout.write(
      "The tests with PgBouncer did not run: it is not installed. To get it: apt-get install pgbouncer.\n",
    )
  }
}
