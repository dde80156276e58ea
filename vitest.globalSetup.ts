import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  hasPreviousRelease,
  runsBrowserTests,
  runsPgBouncerTests,
  runsPrometheusTests,
  runsProxyTests,
  startPostgres,
} from "@latchkey/test-postgres"
import type { TestProject } from "vitest/node"
import { canMountTmpfs } from "./apps/standalone/test/faults/tmpfs.ts"
import { dropTemplate } from "./packages/db/test/createMigratedDatabase.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** A PostgreSQL server on which tests create databases of their own. */
    postgresUrl: string
    /** What `sharedFolder` needs. The folder is removed at the end of the run. */
    runFolder: string
  }
}

/** Nothing here outlives the run, so that nothing has to survive a crash or be vacuumed. */
const SETTINGS = ["max_connections=300", "full_page_writes=off", "autovacuum=off"]

/** Provides each project with a PostgreSQL server, `TEST_DATABASE_URL` or one that it starts and stops, and with a folder. */
export default async function setup(project: TestProject) {
  const given = process.env.TEST_DATABASE_URL
  const postgres = given ? null : await startPostgres(SETTINGS)
  project.provide("postgresUrl", given ?? postgres?.url ?? "")
  const runFolder = await mkdtemp(join(tmpdir(), "latchkey-run-"))
  project.provide("runFolder", runFolder)
  return async () => {
    if (given) await dropTemplate(given)
    await postgres?.[Symbol.asyncDispose]()
    await rm(runFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    reportSkippedTests(project)
  }
}

/** Reports the project's tests that could not run here. This comes last, where it is seen. */
function reportSkippedTests(project: TestProject) {
  const suffix = project.name === "e2e" ? ".e2e.test.ts" : ".db.test.ts"
  const paths = project.vitest.state.getPaths().filter((path) => path.endsWith(suffix))
  const ran = (part: RegExp) => paths.some((path) => part.test(path))
  if (ran(/apps\/dashboard|sdk\/src\/package/) && !runsBrowserTests()) {
    process.stdout.write(
      "The browser tests were skipped, because there is no Chromium. To install it: apt-get install chromium-headless-shell, " +
        "or set CHROMIUM_PATH.\n",
    )
  }
  if (ran(/faults\/(fullDisk|logOutput)/) && !canMountTmpfs()) {
    process.stdout.write(
      "The tests with a full disk were skipped. They mount a small file system, which requires root on Linux.\n",
    )
  }
  if (ran(/pgBouncer|lifecycle\.db|driver\/settings/) && !runsPgBouncerTests()) {
    process.stdout.write(
      "The tests with PgBouncer were skipped, because it is not installed. To install it: apt-get install pgbouncer.\n",
    )
  }
  if (ran(/monitoring/) && !runsPrometheusTests()) {
    process.stdout.write(
      "The tests with Prometheus were skipped, because it is not installed. To install it: apt-get install prometheus.\n",
    )
  }
  if (ran(/previousRelease/) && !hasPreviousRelease()) {
    process.stdout.write(
      "The tests with the previous release were skipped, because this clone is shallow. To get its commit: " +
        "git fetch --unshallow.\n",
    )
  }
  if (ran(/reverseProxies/) && !runsProxyTests()) {
    process.stdout.write(
      "The tests with nginx and Caddy were skipped, because they are not both installed. To install them: " +
        "apt-get install nginx-light caddy.\n",
    )
  }
}
