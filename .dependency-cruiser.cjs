/** The direction of imports, from the outermost to the innermost: none may import what stands before it. */
const LAYERS = ["apps/standalone", "packages/server", "packages/api", "packages/auth", "packages/db"]
const CLIENT_LAYERS = ["apps/dashboard", "packages/react", "packages/sdk", "packages/contract"]

const upward = (layers) =>
  layers.slice(1).map((layer, index) => ({
    name: `${layer.split("/")[1]}-imports-no-outer-layer`,
    severity: "error",
    from: { path: `^${layer}/src/`, pathNot: "\\.test(-d)?\\.ts$" },
    to: { path: layers.slice(0, index + 1).map((outer) => `^${outer}/`) },
  }))

const TESTS = "\\.test(-d)?\\.ts$|^(packages|apps)/[^/]+/test/|^packages/test-postgres/"

module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "packages-import-no-apps",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: TESTS },
      to: { path: "^apps/" },
    },
    {
      name: "product-imports-no-tests",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src/", pathNot: [TESTS, "^apps/(bench|cluster)/"] },
      to: { path: TESTS },
    },
    {
      name: "contract-stands-alone",
      comment: "What crosses the wire has to load in a browser.",
      severity: "error",
      from: { path: "^packages/contract/src/", pathNot: TESTS },
      to: { pathNot: ["^packages/contract/", "node_modules/(\\.pnpm/)?zod"] },
    },
    {
      name: "client-imports-no-server",
      severity: "error",
      from: { path: CLIENT_LAYERS.map((layer) => `^${layer}/src/`), pathNot: TESTS },
      to: { path: LAYERS.map((layer) => `^${layer}/`) },
    },
    ...upward(LAYERS),
    ...upward(CLIENT_LAYERS),
    {
      name: "imports-resolve",
      comment: "The dashboard's bundler maps these to their sources.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^@latchkey/(sdk|react)(/styles.css)?$" },
    },
  ],
  options: {
    // Circles of types count as well.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["/dist/", "^apps/bench/peers/"] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["latchkey-source", "import", "types", "default"],
      mainFields: ["module", "main", "types"],
    },
  },
}
