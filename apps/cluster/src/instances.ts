import { randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort } from "@latchkey/test-postgres"
import { startProcess, stopProcess } from "./run.ts"
import { waitFor } from "./waitFor.ts"

const main = fileURLToPath(new URL("../../standalone/dist/main.js", import.meta.url))

/** The two servers under test. */
export interface Instances {
  urls: readonly string[]
  /** A key that may make and revoke the keys of any owner. */
  manager: string
  /** How many instances have warned that the replication is asynchronous. */
  warnings(): Promise<number>
  stop(): Promise<void>
}

/** Starts two instances on one database. */
export async function startInstances(
  databaseUrl: string,
  { folder, env }: { folder: string; env: Record<string, string> },
): Promise<Instances> {
  const manager = randomBytes(32).toString("hex")
  const shared = {
    ...env,
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    AUTH_SECRET: randomBytes(32).toString("hex"),
    BOOTSTRAP_KEY: manager,
    MAX_KEYS_PER_USER: "1000000",
    RATE_LIMIT_FACTOR: "1000000",
  }
  const logs = [1, 2].map((number) => join(folder, `latchkey${number}.log`))
  const started = await Promise.all(
    logs.map(async (log) => {
      const port = await freePort()
      const child = startProcess([process.execPath, main], { log, env: { ...shared, PORT: String(port) } })
      const url = `http://127.0.0.1:${port}`
      return { child, url }
    }),
  )
  const stop = async () => void (await Promise.all(started.map(({ child }) => stopProcess(child))))
  try {
    for (const { url } of started) await waitFor("Latchkey is ready", () => isReady(url), 90)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    urls: started.map(({ url }) => url),
    manager,
    async warnings() {
      const texts = await Promise.all(logs.map((log) => readFile(log, "utf8")))
      return texts.filter((text) => text.includes("acknowledges changes before a standby has them")).length
    },
    stop,
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
