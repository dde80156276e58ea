import { fileURLToPath } from "node:url"
import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const sdk = fileURLToPath(new URL("../../packages/sdk/src/index.ts", import.meta.url))
const api = process.env.LATCHKEY_URL ?? "http://localhost:3000"

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // The SDK's own build takes tools that `npm start` does not install; what it bundles is found from here instead.
  resolve: {
    alias: { "@latchkey/sdk": sdk },
    dedupe: ["@trpc/client", "@trpc/server", "superjson"],
  },
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // A data: URL would be against the page's policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/trpc": api, "/auth": api } },
})
