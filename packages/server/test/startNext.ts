import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { freePort } from "@latchkey/test-postgres"
import { runProgram } from "../../sdk/test/packSdk.ts"
import { newSecret } from "./startLatchkey.ts"
import { untilListening } from "./untilListening.ts"

/** Builds and starts a Next application of these files. Resolves once it listens. Disposing stops it. */
export async function startNext(app: string, files: Record<string, string>, databaseUrl: string) {
  for (const [path, code] of Object.entries(files)) {
    await mkdir(dirname(join(app, path)), { recursive: true })
    await writeFile(join(app, path), code)
  }
  const env = { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", AUTH_SECRET: newSecret() } as const
  const next = "node_modules/next/dist/bin/next"
  // The build imports the module, which opens nothing.
  await runProgram(process.execPath, [next, "build"], {
    cwd: app,
    env: { ...env, DATABASE_URL: "postgres://nowhere.invalid/x" },
  })
  const port = await freePort()
  const child = spawn(process.execPath, [next, "start", "--port", String(port)], {
    cwd: app,
    env: { ...process.env, ...env, DATABASE_URL: databaseUrl },
    stdio: "ignore",
  })
  const url = `http://localhost:${port}`
  await untilListening(() => fetch(url))
  return {
    url,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit")
      child.kill()
      await exited
    },
  }
}
