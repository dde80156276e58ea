import { fileURLToPath } from "node:url"
import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const source = (name: string, file = "index.ts") =>
  fileURLToPath(new URL(`../../packages/${name}/src/${file}`, import.meta.url))
const api = process.env.LATCHKEY_URL ?? "http://localhost:3000"

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // These are built from source, because `npm start` does not install the tools of their own builds. Their dependencies
  // are resolved from this package.
  resolve: {
    alias: {
      "@latchkey/react/styles.css": source("react", "styles.css"),
      "@latchkey/react/internal": source("react", "internal.ts"),
      "@latchkey/react": source("react"),
      "@latchkey/sdk": source("sdk"),
      "@latchkey/contract": source("contract"),
    },
    dedupe: ["@trpc/client", "@trpc/server", "react", "react-dom", "superjson"],
  },
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The page's Content-Security-Policy forbids data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  experimental: {
    // The server adds the base path to the URLs in the page. URLs in scripts are relative to the script's own URL.
    renderBuiltUrl: (_, { hostType }) => (hostType === "js" ? { relative: true } : undefined),
  },
  server: { proxy: { "/trpc": api, "/auth": api } },
})
