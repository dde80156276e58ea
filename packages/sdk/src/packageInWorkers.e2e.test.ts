import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { eventually, freePort, spawnSupervised } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { onLinux } from "../test/installTools.ts"
import { runProgram } from "../test/packSdk.ts"
import { usePackedSdk } from "../test/usePackedSdk.ts"

const use = usePackedSdk()

/** One client for all requests. `/early` responds before the verification is sent, as if its own check had failed. */
const WORKER = `
  import { createLatchkey } from "@latchkey/sdk"
  let latchkey
  export default {
    async fetch(request, { baseUrl, apiKey }) {
      latchkey ??= createLatchkey({ baseUrl, apiKey })
      const verifying = latchkey.verify(request.headers.get("x-api-key"), { onUnavailable: "throw", timeout: 20_000 })
      if (new URL(request.url).pathname === "/early") return new Response(null, { status: 400 })
      return Response.json(await verifying)
    },
  }`

/** Starts Cloudflare's runtime with the worker. Disposing stops it. */
async function startWorker() {
  const { folder } = use
  await writeFile(join(use.app, "worker.mjs"), WORKER)
  await runProgram(
    use.tool(".bin/esbuild"),
    ["worker.mjs", "--bundle", "--format=esm", `--outfile=${join(folder, "bundle.mjs")}`],
    { cwd: use.app },
  )
  const port = await freePort()
  // With older dates, a request may not even wait for what another one does.
  const config = `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .worker), (name = "network", network = (allow = ["private"]))],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );
    const worker :Workerd.Worker = (
      modules = [(name = "worker", esModule = embed "bundle.mjs")],
      bindings = [(name = "baseUrl", text = "${use.serverUrl}"), (name = "apiKey", text = "${use.manageKey}")],
      globalOutbound = "network",
      compatibilityDate = "2024-01-01",
    );`
  await writeFile(join(folder, "config.capnp"), config)
  const workerd = use.tool("@cloudflare/workerd-linux-64/bin/workerd")
  const child = spawnSupervised([workerd, "serve", "config.capnp"], { cwd: folder })
  const url = `http://127.0.0.1:${port}`
  await eventually(() => fetch(url))
  return {
    url,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit")
      child.stdin.end()
      await exited
    },
  }
}

test.runIf(onLinux)(
  "in a Cloudflare Worker, no verification waits for what another request began",
  async () => {
    await using worker = await startWorker()
    const verify = async (key: string) => {
      const response = await fetch(worker.url, { headers: { "x-api-key": key } })
      return response.ok ? ((await response.json()) as { active: boolean }).active : response.status
    }
    expect(await verify(use.apiKey)).toBe(true)
    const unknown = () => randomBytes(32).toString("hex")
    const keys = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? use.apiKey : unknown()))
    expect(await Promise.all(keys.map(verify))).toEqual(keys.map((key) => key === use.apiKey))

    expect((await fetch(`${worker.url}/early`, { headers: { "x-api-key": unknown() } })).status).toBe(400)
    expect(await verify(use.apiKey)).toBe(true)
  },
)
