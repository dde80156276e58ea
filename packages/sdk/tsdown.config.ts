import { defineConfig } from "tsdown"

export default defineConfig({
  entry: "src/index.ts",
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  // tRPC's client and superjson are built in: no version of theirs to fit to the application's own, and `require`
  // works where superjson, which is ESM alone, would not. Types of tRPC stay imports.
  noExternal: (id, importer) => id !== "@trpc/server" || !importer?.includes("/sdk/src/"),
  inlineOnly: ["@trpc/client", "@trpc/server", "superjson", "copy-anything", "is-what"],
  sourcemap: true,
  dts: { oxc: true, sourcemap: true },
  logLevel: "warn",
})
