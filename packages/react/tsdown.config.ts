import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { defineConfig } from "tsdown"

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  entry: "src/index.ts",
  format: "esm",
  target: "es2022",
  platform: "neutral",
  external: [/^react/, "@latchkey/sdk"],
  // For bundlers that render on a server: all of it runs in browsers too.
  banner: { js: '"use client";' },
  sourcemap: true,
  dts: { oxc: true },
  hooks: {
    // One file, in the syntax of its source.
    async "build:done"() {
      await build({ entryPoints: [path("src/styles.css")], outfile: path("dist/styles.css"), bundle: true })
    },
  },
  logLevel: "warn",
})
