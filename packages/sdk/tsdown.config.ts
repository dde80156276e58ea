import { defineConfig } from "tsdown"

export default defineConfig({
  entry: "src/index.ts",
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  // tRPC's link and superjson are bundled, so that their versions can't conflict with the application's, and so that
  // `require` works in tools that can't load superjson, which is ESM-only. The types of `AppRouter` stay an import.
  noExternal: (id, importer) => id !== "@trpc/server" || !importer?.includes("/sdk/src/"),
  inlineOnly: ["@latchkey/contract", "@trpc/client", "@trpc/server", "superjson", "copy-anything"],
  // So that the tables of tRPC that only other parts of it read are dropped.
  treeshake: { propertyReadSideEffects: false },
  // Dependencies get a chunk of their own, which bundlers can drop as a whole.
  outputOptions: ({ format }) => ({
    chunkFileNames: format === "cjs" ? "[name].cjs" : "[name].js",
    codeSplitting: { groups: [{ name: "vendor", test: /node_modules/ }] },
  }),
  sourcemap: true,
  dts: { oxc: true, sourcemap: true },
  // Applications that don't use tRPC lack this optional peer dependency. Its import is the first line.
  banner: { dts: "// @ts-ignore: an optional peer dependency" },
  logLevel: "warn",
})
