import { defineConfig } from "tsdown"

const shared = {
  format: "esm",
  target: "node20",
  sourcemap: true,
  dts: false,
  fixedExtension: false,
  logLevel: "warn",
  outDir: "dist",
} as const

/** Packages are imported as built. Only the compiler's helpers are bundled. */
const asBuilt = { external: [/^(?!@oxc-project\/)[@a-z]/] }

/**
 * Latchkey's router from source, so that it runs on tRPC as published on npm. Latchkey's own build bundles tRPC from
 * its source.
 */
const onPublishedTrpc = {
  external: [/^(?!@oxc-project\/|@latchkey\/api$)[@a-z]/],
  noExternal: ["@latchkey/api"],
  inputOptions: { resolve: { conditionNames: ["latchkey-source", "import", "node", "default"] } },
}

const PEERS = ["trpcFetch", "trpcBare", "sha256", "bcryptAll"]

export default defineConfig([
  {
    ...shared,
    ...asBuilt,
    entry: ["src/agent.ts", "src/contenders/*.ts", ...PEERS.map((name) => `!src/contenders/${name}.ts`)],
  },
  {
    ...shared,
    ...onPublishedTrpc,
    entry: PEERS.map((name) => `src/contenders/${name}.ts`),
    outDir: "dist/contenders",
    clean: false,
  },
  // Next to peers/node_modules, so that imports of the peers resolve.
  { ...shared, ...onPublishedTrpc, entry: ["peers/src/*.ts"], outDir: "peers/dist" },
])
