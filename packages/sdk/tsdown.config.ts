import { defineConfig } from "tsdown"

export default defineConfig({
  entry: "src/index.ts",
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  // tRPC's link and superjson are built in: an application has no version of theirs to fit to its own, and `require`
  // works in tools that can't load superjson, which is ESM alone. The types of `AppRouter` stay an import.
  noExternal: (id, importer) => id !== "@trpc/server" || !importer?.includes("/sdk/src/"),
  inlineOnly: ["@latchkey/contract", "@trpc/client", "@trpc/server", "superjson", "copy-anything"],
  // Apart, so that bundlers can leave them out as a whole.
  outputOptions: ({ format }) => ({
    chunkFileNames: format === "cjs" ? "[name].cjs" : "[name].js",
    codeSplitting: { groups: [{ name: "vendor", test: /node_modules/ }] },
  }),
  sourcemap: true,
  dts: { oxc: true, sourcemap: true },
  // Whoever uses tRPC has it, in a version of their own; for all others its import, which comes first, leads nowhere.
  banner: { dts: "// @ts-ignore: an optional peer dependency" },
  logLevel: "warn",
})
