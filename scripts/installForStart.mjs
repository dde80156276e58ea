import { execSync } from "node:child_process"
import { existsSync } from "node:fs"

// A fresh clone only needs the `dependencies` of each package to build and serve. A development checkout keeps its
// `devDependencies`.
const forDevelopment = existsSync(new URL("../node_modules/vitest", import.meta.url))
const selection = forDevelopment ? "--prod=false" : "--prod --filter @latchkey/standalone..."

execSync(`npm run --silent pnpm -- ${selection} install --frozen-lockfile`, { stdio: "inherit" })
