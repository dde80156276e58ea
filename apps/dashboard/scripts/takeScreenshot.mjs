// Takes the README's screenshot, docs/dashboard.png, with the last build: node apps/dashboard/scripts/takeScreenshot.mjs
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"

const path = (fromHere) => fileURLToPath(new URL(fromHere, import.meta.url))
const ACCOUNT = { email: "ada@example.com", password: "correct horse battery staple" }
const KEYS = [
  { label: "Grafana dashboards", isUsed: true },
  { label: "Data warehouse, nightly import", days: 90, isUsed: true },
  { label: "CI deployments", days: 30, isUsed: true },
  { label: "Zapier" },
  { label: "Mobile app, staging", days: 6, isUsed: true },
]
/** Milliseconds until the times of last use are written. */
const FLUSH_MS = 6_000

const DATA_DIR = await mkdtemp(join(tmpdir(), "latchkey-screenshot-"))
const server = spawn(process.execPath, [path("../../standalone/dist/main.js")], {
  env: { PATH: process.env.PATH, PORT: "0", DATA_DIR },
  stdio: ["ignore", "pipe", "inherit"],
})
const url = await servingUrl()
const { accessToken } = await post("/auth/register", ACCOUNT)
for (const { label, days, isUsed } of KEYS) {
  const expiresAt = days && new Date(Date.now() + days * 86_400_000)
  const { key } = await post(
    "/auth/apikeys",
    { label, expiresAt },
    { authorization: `Bearer ${accessToken}` },
  )
  if (isUsed) await fetch(`${url}/auth/me`, { headers: { "x-api-key": key } })
}
await sleep(FLUSH_MS)

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
})
const page = await browser.newPage({
  viewport: { width: 1100, height: 700 },
  deviceScaleFactor: 1.5,
  colorScheme: "light",
})
await page.goto(url)
await page.getByLabel("Email").fill(ACCOUNT.email)
await page.getByLabel("Password", { exact: true }).fill(ACCOUNT.password)
await page.getByRole("button", { name: "Sign in" }).click()
await page.getByRole("row", { name: KEYS[0]?.label }).waitFor()
await page.screenshot({ path: path("../../../docs/dashboard.png") })
await browser.close()
server.kill()
await rm(DATA_DIR, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })

async function servingUrl() {
  for await (const line of createInterface(server.stdout)) {
    const { url } = JSON.parse(line)
    if (url) return url
  }
  throw new Error("the server did not start")
}

async function post(route, body, headers = {}) {
  const response = await fetch(`${url}${route}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  })
  return response.json()
}
