import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

const conditions = ["latchkey-source", "module", "node", "development|production"]

/** The test files with these endings. A file's ending says what its tests need. */
const testFiles = (...endings: string[]) =>
  endings.map((ending) => `{packages,apps}/*/{src,test}/**/*.${ending}.ts`)

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["latchkey-source"] } },
  test: {
    // More files than cores, since many of them mostly wait: for PostgreSQL, a browser, other processes, or a timer.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    // Creating an embedded database takes most of a core for seconds, and several files may do so at once.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: testFiles("test"), exclude: testFiles("db.test", "e2e.test") },
      },
      {
        extends: true,
        test: { name: "database", include: testFiles("db.test"), globalSetup: "vitest.globalSetup.ts" },
      },
      {
        extends: true,
        test: { name: "e2e", include: testFiles("e2e.test"), globalSetup: "vitest.globalSetup.ts" },
      },
    ],
  },
})
