import { fileURLToPath } from "node:url"
import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const source = (name: string) =>
  fileURLToPath(new URL(`../../packages/${name}/src/index.ts`, import.meta.url))
const api = process.env.LATCHKEY_URL ?? "http://localhost:3000"

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // The SDK is built from source, because `npm start` does not install the tools of its own build. Its bundled
  // dependencies are resolved from this package.
  resolve: {
    alias: { "@latchkey/sdk": source("sdk"), "@latchkey/contract": source("contract") },
    dedupe: ["@trpc/client", "@trpc/server", "superjson"],
  },
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The page's Content-Security-Policy forbids data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/trpc": api, "/auth": api } },
})
