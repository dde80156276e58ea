import { cp } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { defineConfig } from "tsdown"
import packageJson from "./package.json" with { type: "json" }

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Packages that an application installs itself, which stay imports. */
const installed = [
  ...Object.keys(packageJson.dependencies),
  ...Object.keys(packageJson.peerDependencies),
  "fastify",
]

const isInstalled = (id: string) => installed.some((name) => id === name || id.startsWith(`${name}/`))

const ADAPTERS = ["hono", "express", "fastify", "next", "node"]

export default defineConfig({
  entry: {
    index: "src/index.ts",
    testing: "src/testing.ts",
    cli: "src/command/cli.ts",
    ...Object.fromEntries(ADAPTERS.map((name) => [name, `src/adapters/${name}.ts`])),
  },
  format: "esm",
  target: "node20.19",
  platform: "node",
  // Packages of this repository are bundled from their sources, so that tRPC is the application's and not the one that
  // Latchkey's own server bundles.
  inputOptions: { resolve: { conditionNames: ["latchkey-source", "import", "module", "node", "default"] } },
  noExternal: (id) => !isInstalled(id),
  external: isInstalled,
  inlineOnly: [
    "@hono/node-server",
    "@zxcvbn-ts/dictionary-compression",
    "@zxcvbn-ts/language-common",
    "http-cache-semantics",
    "ipaddr.js",
    "lru-cache",
    "otpauth",
    "p-limit",
    "yocto-queue",
  ],
  fixedExtension: false,
  sourcemap: true,
  dts: { oxc: true },
  hooks: {
    async "build:done"() {
      await cp(path("../db/migrations"), path("migrations"), { recursive: true })
      await cp(path("../../apps/dashboard/dist"), path("dist/dashboard"), { recursive: true })
    },
  },
  logLevel: "warn",
})
