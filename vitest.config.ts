import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const conditions = ["latchkey-source", "node", "development|production"]

/** The test files with these endings. A file's ending says what its tests need. */
const testFiles = (...endings: string[]) =>
  endings.map((ending) => `{packages,apps}/*/{src,test}/**/*.${ending}.ts`)

/** Runs the longest files first, so that at the end no single worker is busy. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => placeOf(a) - placeOf(b))
  }
}

/** `keepAlive` waits for more than a minute, and `next` builds an application. */
const placeOf = ({ moduleId, project }: TestSpecification) =>
  /keepAlive|next\.e2e/.test(moduleId) ? -1 : ["e2e", "database", "unit"].indexOf(project.name)

/**
 * In CI, a test that fails is run again once, because servers, browsers and databases do not always keep up on a busy
 * machine. `vitest.retries.ts` reports each that passed only then: it is a defect, of the test or of the product.
 */
const onRealComponents = {
  globalSetup: "vitest.globalSetup.ts",
  retry: process.env.CI === "true" ? 1 : 0,
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["latchkey-source"] } },
  test: {
    // More files than cores, because many of them mostly wait: for PostgreSQL, a browser, other processes, or a
    // timer.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    // Only what hangs should run into these, on the busiest machine: creating an embedded database takes most of a core
    // for seconds, and several files may do so at once.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // vitest's 1 s is too short for a loaded machine.
    expect: { poll: { timeout: 20_000 } },
    // Without isolation, a worker loads the product once rather than for each of its files.
    isolate: false,
    setupFiles: "vitest.setup.ts",
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: "unit", include: testFiles("test"), exclude: testFiles("db.test", "e2e.test") },
      },
      {
        extends: true,
        test: { ...onRealComponents, name: "database", include: testFiles("db.test") },
      },
      {
        extends: true,
        test: { ...onRealComponents, name: "e2e", include: testFiles("e2e.test") },
      },
    ],
  },
})
