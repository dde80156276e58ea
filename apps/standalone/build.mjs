import { rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

/**
 * Packages that remain imports: native code, WebAssembly with its own files, packages that few servers load, and the API
 * of OpenTelemetry, which must be the instance that the operator's SDK uses.
 */
const external = [
  "@electric-sql/pglite",
  "@opentelemetry/api",
  "bcrypt",
  "fs-native-extensions",
  "nodemailer",
  "pino",
  "prom-client",
]

// The names of parts contain a digest, so those of an earlier build would stay.
await rm("dist", { recursive: true, force: true })

// Everything else is bundled, because finding and loading 500 modules takes a third of a start on Node 20, and two thirds
// on Node 24.
await build({
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  alias: { "@latchkey/server/internal": "../../packages/server/src/internal.ts" },
  // `npm start` installs only `dependencies`. What the sources of the library import is among this package's.
  nodePaths: [fileURLToPath(new URL("node_modules", import.meta.url))],
  external,
  // CommonJS packages in the bundle require Node's own modules.
  banner: {
    js: 'import { createRequire as createBundleRequire } from "node:module"; const require = createBundleRequire(import.meta.url);',
  },
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
})
