import { execSync } from "node:child_process"
import { existsSync } from "node:fs"

// A fresh clone gets what building and serving need, which is every package's `dependencies`; a checkout that has
// the development tools as well keeps them.
const forDevelopment = existsSync(new URL("../node_modules/vitest", import.meta.url))
const selection = forDevelopment ? "--prod=false" : "--prod --filter @latchkey/server..."

execSync(`npm run --silent pnpm -- ${selection} install --frozen-lockfile`, { stdio: "inherit" })
