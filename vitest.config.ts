import { defineConfig } from "vitest/config"

const conditions = ["latchkey-source", "module", "node", "development|production"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["latchkey-source"] } },
  test: {
    include: ["{packages,apps}/*/src/**/*.test.ts"],
    globalSetup: "vitest.globalSetup.ts",
    // Vitest would leave one core free: on two it would run one file at a time, and many of them mostly wait.
    maxWorkers: "100%",
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
