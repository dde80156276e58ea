import { execFileSync } from "node:child_process"
import { type Env, readEnv } from "../../src/env.ts"

/** The configuration of the server that these shell commands start with `npm start`. */
export function configurationAfter(commands: string): Env {
  const script = `set -a\n${commands.replace("npm start", '"$NODE" -p "JSON.stringify(process.env)"')}`
  const env = { PATH: process.env.PATH, NODE: process.execPath }
  return readEnv(JSON.parse(execFileSync("sh", ["-ec", script], { env, encoding: "utf8" })))
}
