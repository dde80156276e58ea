import { build } from "esbuild"

// Bundles tRPC from its source. The published build targets older engines and copies objects through helpers, which
// costs a tenth of a call's CPU.
const trpc = (file) => `./node_modules/@trpc/server/src/${file}.ts`

await build({
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.js",
  bundle: true,
  packages: "external",
  alias: {
    "@trpc/server": trpc("index"),
    "@trpc/server/adapters/fetch": trpc("adapters/fetch/index"),
    "@trpc/server/http": trpc("http"),
    "@trpc/server/rpc": trpc("rpc"),
    "@trpc/server/vendor/is-plain-object": trpc("vendor/is-plain-object"),
  },
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
})
