import { execFile, spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { codeBlock, findPrometheus, freePort, runsPrometheusTests } from "@latchkey/test-postgres"
import { describe, expect, onTestFinished, test } from "vitest"
import { parse, stringify } from "yaml"
import { registerWithKey, rest } from "../testServer.ts"
import { linesOf, startWorkers } from "../workers/startWorkers.ts"
import { folder, panelQueries } from "./expressions.ts"

const run = promisify(execFile)

/** What has no value until something goes wrong. */
const MAY_BE_EMPTY = new Set(["bcrypts queued or running"])

describe.runIf(runsPrometheusTests())("with Prometheus", () => {
  const bin = findPrometheus() ?? ""

  test("the rules are valid, and alert when they should", async () => {
    const promtool = (...parameters: string[]) =>
      run(join(bin, "promtool"), parameters, { cwd: `${folder}/prometheus` })
    expect((await promtool("check", "rules", "latchkey.rules.yml")).stdout).toContain("21 rules found")
    expect((await promtool("test", "rules", "latchkey.rules.test.yml")).stdout).toContain("SUCCESS")
  })

  test("a real server is scraped: each panel of the dashboard has data, and no alert fires", async () => {
    const log = await mkdtemp(join(tmpdir(), "latchkey-restore-log-"))
    onTestFinished(() => rm(log, { recursive: true }))
    await using running = await startWorkers({ METRICS_PORT: "0", VERIFY_LEASE: "3", RESTORE_LOG: log })
    const serving = linesOf(running.server).find(({ msg }) => msg?.startsWith("serving on"))
    const prometheus = await startPrometheus(
      bin,
      new URL((serving as { metricsUrl: string }).metricsUrl).host,
    )
    const { apiKey, accessToken } = await registerWithKey(running.url)
    async function makeTraffic() {
      await rest(running.url, "GET", "/auth/me", { apiKey })
      await rest(running.url, "GET", "/auth/me", { accessToken })
      await rest(running.url, "GET", "/auth/me", { apiKey: "0".repeat(64) })
      const { accessToken: own, id } = await registerWithKey(running.url)
      await rest(running.url, "DELETE", `/auth/apikeys/${id}`, { accessToken: own })
    }
    const isEmpty = async (expr: string) => (await prometheus.query(expr)).length === 0

    await expect
      .poll(
        async () => {
          await makeTraffic()
          const empty = await Promise.all(
            panelQueries.map(async ([title, expr]) => ((await isEmpty(expr)) ? title : [])),
          )
          return empty.flat().filter((title) => !MAY_BE_EMPTY.has(title))
        },
        { timeout: 120_000, interval: 1_000 },
      )
      .toEqual([])
    // How fast this machine is just now is not the matter.
    const others = 'ALERTS{alertstate="firing", alertname!~"LatchkeyVerifiesSlowly|LatchkeyEventLoopLags"}'
    expect(await prometheus.query(others)).toEqual([])
  }, 240_000)
})

async function startPrometheus(bin: string, target: string) {
  const data = await mkdtemp(join(tmpdir(), "latchkey-prometheus-"))
  const config = join(data, "prometheus.yml")
  const documented = parse(codeBlock("docs/operations.md", "yaml", "Dashboard and alerts"))
  await writeFile(
    config,
    stringify({
      global: { scrape_interval: "2s", evaluation_interval: "2s" },
      ...documented,
      rule_files: documented.rule_files.map((name: string) => `${folder}/prometheus/${name}`),
      scrape_configs: [{ ...documented.scrape_configs[0], static_configs: [{ targets: [target] }] }],
    }),
  )
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    join(bin, "prometheus"),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(data, "data")}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: "ignore" },
  )
  onTestFinished(() => void child.kill("SIGKILL"))
  const query = async (expr: string): Promise<unknown[]> => {
    const response = await fetch(`http://${address}/api/v1/query?${new URLSearchParams({ query: expr })}`)
    const body = (await response.json()) as { status: string; error?: string; data?: { result: unknown[] } }
    if (!body.data) throw new Error(`${expr}: ${body.error}`)
    return body.data.result
  }
  await expect.poll(() => query("up").catch(() => []), { timeout: 60_000 }).toHaveLength(1)
  return { query }
}
