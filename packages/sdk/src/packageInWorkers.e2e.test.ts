import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { eventually, freePort, spawnSupervised } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { onLinux } from "../test/installTools.ts"
import { runProgram } from "../test/packSdk.ts"
import { register } from "../test/startServer.ts"
import { usePackedSdk } from "../test/usePackedSdk.ts"

const use = usePackedSdk()

/**
 * One client for all requests. `/early` responds before the verification is sent, as if its own check had failed. So does
 * `/session/early`, before the session is refreshed.
 */
const WORKER = `
  import { createLatchkey } from "@latchkey/sdk"
  let latchkey
  let user
  export default {
    async fetch(request, { baseUrl, apiKey, refreshToken }) {
      const { pathname } = new URL(request.url)
      if (pathname.startsWith("/session")) {
        user ??= createLatchkey({ baseUrl, session: { refreshToken }, timeout: 2_000 })
        const asking = user.auth.me()
        if (pathname === "/session/early") return new Response(null, { status: 400 })
        return asking.then(Response.json, ({ reason }) => new Response(reason, { status: 500 }))
      }
      latchkey ??= createLatchkey({ baseUrl, apiKey })
      const verifying = latchkey.verify(request.headers.get("x-api-key"), { onUnavailable: "throw", timeout: 20_000 })
      if (new URL(request.url).pathname === "/early") return new Response(null, { status: 400 })
      return Response.json(await verifying)
    },
  }`

/** With dates before 2024, a request may not even wait for what another one does. Before 2022-03-21, there is no `navigator`. */
const DATES = ["2022-01-01", "2024-01-01"]

/** Starts Cloudflare's runtime with the worker. Disposing stops it. */
async function startWorker(compatibilityDate: string) {
  const { folder } = use
  const { refreshToken } = await register(use.serverUrl)
  await writeFile(join(use.app, "worker.mjs"), WORKER)
  await runProgram(
    use.tool(".bin/esbuild"),
    ["worker.mjs", "--bundle", "--format=esm", `--outfile=${join(folder, "bundle.mjs")}`],
    { cwd: use.app },
  )
  const port = await freePort()
  const config = `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .worker), (name = "network", network = (allow = ["private"]))],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );
    const worker :Workerd.Worker = (
      modules = [(name = "worker", esModule = embed "bundle.mjs")],
      bindings = [
        (name = "baseUrl", text = "${use.serverUrl}"),
        (name = "apiKey", text = "${use.manageKey}"),
        (name = "refreshToken", text = "${refreshToken}"),
      ],
      globalOutbound = "network",
      compatibilityDate = "${compatibilityDate}",
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

test.runIf(onLinux).each(DATES)(
  "in a Cloudflare Worker of %s, no verification waits for what another request began",
  async (date) => {
    await using worker = await startWorker(date)
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

test.runIf(onLinux)(
  "in a Cloudflare Worker, a refresh that ended with its request does not end the session",
  async () => {
    await using worker = await startWorker("2024-01-01")
    expect((await fetch(`${worker.url}/session/early`)).status).toBe(400)
    await expect
      .poll(async () => (await fetch(`${worker.url}/session`)).status, { timeout: 30_000, interval: 200 })
      .toBe(200)
  },
)
