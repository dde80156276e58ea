import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { findChromium, runsBrowserTests } from "@latchkey/test-postgres"
import { chromium } from "playwright-core"
import { expect, test } from "vitest"
import { runProgram } from "../test/packSdk.ts"
import { startServer } from "../test/startServer.ts"
import { usePackedSdk } from "../test/usePackedSdk.ts"

const use = usePackedSdk()

test.runIf(runsBrowserTests())("a key and a session work in Chromium, from another origin", async () => {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error("Chromium was not found; set CHROMIUM_PATH")
  let report = (_: string) => {}
  const reported = new Promise<string>((resolve) => {
    report = resolve
  })
  let script = ""
  const pages = createServer(async (request, response) => {
    if (request.url === "/report") {
      let body = ""
      for await (const chunk of request) body += chunk
      report(body)
    }
    const isScript = request.url === "/main.js"
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html")
    response.end(isScript ? script : '<!doctype html><script type="module" src="/main.js"></script>')
  }).listen(0, "127.0.0.1")
  await once(pages, "listening")
  const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
  await using corsServer = await startServer({ databaseUrl: use.databaseUrl, CORS_ORIGINS: origin })
  const entry = join(use.app, "browser.mjs")
  await writeFile(
    entry,
    `import { createLatchkey, LatchkeyError } from "@latchkey/sdk"
    async function main() {
      const baseUrl = ${JSON.stringify(corsServer.url)}
      const session = await createLatchkey({ baseUrl }).auth.register({
        email: "${randomUUID()}@company.tld", password: "correct horse battery",
      })
      const asUser = createLatchkey({ baseUrl, session: { refreshToken: session.refreshToken } })
      const { id, key } = await asUser.apiKeys.create({ label: "created in a browser" })
      const labels = []
      for await (const { label } of asUser.apiKeys.list()) labels.push(label)
      const me = await createLatchkey({ baseUrl, apiKey: key }).auth.me()
      await asUser.apiKeys.revoke(id)
      const reasons = []
      for (const call of [
        createLatchkey({ baseUrl, apiKey: key }).auth.me(),
        createLatchkey({ baseUrl: "http://127.0.0.1:1", retries: 0 }).auth.me(),
        createLatchkey({ baseUrl: location.origin, retries: 0 }).auth.me(),
        createLatchkey({ baseUrl, apiKey: key }).auth.me({ signal: AbortSignal.abort() }),
      ]) await call.catch((error) => reasons.push(error instanceof LatchkeyError && error.reason))
      const requestId = await createLatchkey({ baseUrl }).auth.me().catch((error) => typeof error.requestId)
      return { labels, via: me.via, isDate: me.createdAt instanceof Date, reasons, requestId }
    }
    main().then(JSON.stringify, (error) => error.stack).then((body) => fetch("/report", { method: "POST", body }))`,
  )
  script = (
    await runProgram(use.tool(".bin/esbuild"), [entry, "--bundle", "--format=esm", "--platform=browser"], {
      cwd: use.app,
    })
  ).stdout

  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
  try {
    const page = await browser.newPage()
    await page.goto(origin)
    expect(JSON.parse(await reported)).toEqual({
      labels: ["created in a browser"],
      via: "apiKey",
      isDate: true,
      reasons: ["UNAUTHENTICATED", "NETWORK", "NETWORK", "TIMEOUT"],
      requestId: "string",
    })
  } finally {
    await browser.close()
    pages.close()
    pages.closeAllConnections()
  }
})
