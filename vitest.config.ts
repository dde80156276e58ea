import { defineConfig } from "vitest/config"

const conditions = ["latchkey-source", "module", "node", "development|production"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["latchkey-source"] } },
  test: {
    include: ["{packages,apps}/*/src/**/*.test.ts"],
    globalSetup: "vitest.globalSetup.ts",
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
