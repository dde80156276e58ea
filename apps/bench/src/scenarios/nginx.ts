import { chown, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { findNginx, freePort, spawnSupervised, unprivilegedUser } from "@latchkey/test-postgres"
import type { Bench } from "../bench.ts"
import { startProcess } from "../childProcess.ts"
import { LATCHKEY_SERVER, latchkeyEnv } from "../contenders.ts"
import { spread } from "../keys.ts"
import { expectOnlyGood } from "../load.ts"
import { startContender } from "../runningContender.ts"

/** Milliseconds, each round. Null where there is no nginx. */
export type NginxResult = { openP50: number[]; guardedP50: number[] } | null

/** The number of callers, and the calls per second that they make together. */
const [CALLERS, CALLS_PER_SECOND] = [10, 500]

/** Measures how long calls through nginx take, without and with a request to `/auth/verify` before each. */
export async function measureNginx(bench: Bench): Promise<NginxResult> {
  const { scale, secret, load, progress } = bench
  const binary = findNginx()
  if (!binary) return null
  const keys = spread(scale.active, scale.keys)
  const latchkey = await startContender(bench, {
    name: "nginx",
    title: "nginx",
    script: LATCHKEY_SERVER,
    env: { ...latchkeyEnv(secret), TRUST_PROXY: "1" },
    database: scale.keys,
    path: "/trpc/auth.me",
    credentials: { keys },
    connections: CALLERS,
  })
  const product = await freePort()
  const upstream = startProcess("contenders/bareHttp.js", { env: { PORT: `${product}` } })
  await using nginx = await startNginx(binary, { latchkey: new URL(latchkey.url).host, product })
  const stream = { credentials: { keys }, connections: CALLERS }
  async function measure(path: string, rate = CALLS_PER_SECOND) {
    const url = `${nginx.url}${path}`
    const [result] = await load.run({ ...stream, url, rate, seconds: scale.seconds })
    expectOnlyGood(`nginx at ${path}`, result)
    return result.p50
  }

  for (const path of ["/open", "/guarded"]) {
    await load.run({ ...stream, url: `${nginx.url}${path}`, ...scale.warmUp })
  }
  const result = { openP50: [] as number[], guardedP50: [] as number[] }
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    result.openP50.push(await measure("/open"))
    result.guardedP50.push(await measure("/guarded"))
    progress(
      `round ${round} of ${scale.scenarioRounds}: nginx, p50 ${result.openP50.at(-1)} ms, guarded ${result.guardedP50.at(-1)} ms`,
    )
  }
  await upstream.stop()
  await latchkey.process.stop()
  return result
}

const configuration = ({ port, latchkey, product }: { port: number; latchkey: string; product: number }) => `
daemon off; pid nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`).join(" ")}
  upstream latchkey { server ${latchkey}; keepalive 16; }
  upstream product { server 127.0.0.1:${product}; keepalive 16; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  server {
    listen 127.0.0.1:${port};
    location /open { proxy_pass http://product; }
    location /guarded { auth_request /_latchkey; proxy_pass http://product; }
    location = /_latchkey {
      internal;
      proxy_pass http://latchkey/auth/verify?deny=403;
      proxy_method GET;
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`

async function startNginx(binary: string, upstreams: { latchkey: string; product: number }) {
  const port = await freePort()
  const user = unprivilegedUser()
  const folder = await mkdtemp(join(tmpdir(), "latchkey-bench-nginx-"))
  await writeFile(join(folder, "configuration"), configuration({ port, ...upstreams }))
  if (user) await chown(folder, user.uid, user.gid)
  const supervisor = spawnSupervised([binary, "-e", "stderr", "-p", ".", "-c", "configuration"], {
    ...user,
    cwd: folder,
  })
  const exited = new Promise<void>((resolve) => supervisor.once("exit", () => resolve()))
  const url = `http://127.0.0.1:${port}`
  await untilReady(`${url}/open`)
  return {
    url,
    async [Symbol.asyncDispose]() {
      supervisor.stdin.end()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function untilReady(url: string) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url).catch(() => null)
    await response?.arrayBuffer()
    if (response?.status === 200) return
    if (attempt === 100) throw new Error("nginx did not start")
    await sleep(100)
  }
}
