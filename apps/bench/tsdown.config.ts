import { defineConfig } from "tsdown"

const shared = {
  format: "esm",
  target: "node20",
  sourcemap: true,
  dts: false,
  fixedExtension: false,
  logLevel: "warn",
  // The packages run as they were built; of what is imported only the compiler's own helpers are taken in.
  external: [/^(?!@oxc-project\/)[@a-z]/],
} as const

export default defineConfig([
  { ...shared, entry: ["src/agent.ts", "src/contenders/*.ts"], outDir: "dist" },
  // Beside its own node_modules, where the peers are found.
  { ...shared, entry: ["peers/src/*.ts"], outDir: "peers/dist" },
])
