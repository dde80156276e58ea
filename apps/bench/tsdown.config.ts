import { defineConfig } from "tsdown"

const shared = {
  format: "esm",
  target: "node20",
  sourcemap: true,
  dts: false,
  fixedExtension: false,
  logLevel: "warn",
  // Packages are imported as built. Only the compiler's helpers are bundled.
  external: [/^(?!@oxc-project\/)[@a-z]/],
} as const

export default defineConfig([
  { ...shared, entry: ["src/agent.ts", "src/contenders/*.ts"], outDir: "dist" },
  // Next to peers/node_modules, so that imports of the peers resolve.
  { ...shared, entry: ["peers/src/*.ts"], outDir: "peers/dist" },
])
