import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"

// A fresh clone only needs the `dependencies` of each package to build and serve. A development checkout keeps its
// `devDependencies`.
const forDevelopment = existsSync(new URL("../node_modules/vitest", import.meta.url))
const selection = forDevelopment ? "--prod=false" : "--prod --filter @latchkey/standalone..."

run("Installing", `${selection} install --frozen-lockfile`)
run("Building", "exec turbo run build --filter=@latchkey/standalone")

/** Runs pnpm. On a terminal, shows its output only if it fails. */
function run(activity, pnpmArguments) {
  const isQuiet = process.stdout.isTTY
  if (isQuiet) process.stdout.write(`${activity} …\n`)
  const stdio = isQuiet ? "pipe" : "inherit"
  const command = `npm run --silent pnpm -- ${pnpmArguments}`
  const { status, stdout, stderr } = spawnSync(command, { shell: true, stdio, maxBuffer: 2 ** 26 })
  if (status === 0) return
  if (isQuiet) process.stderr.write(`${stdout}${stderr}`)
  process.exit(status ?? 1)
}
