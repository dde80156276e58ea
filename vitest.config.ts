import { defineConfig } from "vitest/config"

const conditions = ["latchkey-source", "module", "node", "development|production"]

/** Tests whose names end like this; a test's name says what it needs. */
const named = (...endings: string[]) =>
  endings.map((ending) => `{packages,apps}/*/{src,test}/**/*.${ending}.ts`)

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["latchkey-source"] } },
  test: {
    // Vitest would leave one core free: on two it would run one file at a time, and many of them mostly wait.
    maxWorkers: "100%",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: named("test"), exclude: named("db.test", "e2e.test") },
      },
      {
        extends: true,
        test: { name: "database", include: named("db.test"), globalSetup: "vitest.globalSetup.ts" },
      },
      {
        extends: true,
        test: { name: "e2e", include: named("e2e.test"), globalSetup: "vitest.globalSetup.ts" },
      },
    ],
  },
})
