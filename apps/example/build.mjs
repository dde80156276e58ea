import { build } from "esbuild"

// The script and the styles of the settings page.
await build({
  entryPoints: ["src/browser/settings.jsx"],
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
})
