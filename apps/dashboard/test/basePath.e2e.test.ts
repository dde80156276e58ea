import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { runsBrowserTests } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { latchkeyHandler } from "../../../packages/server/src/node.ts"
import { startLatchkey } from "../../../packages/server/test/startLatchkey.ts"
import { collectMessages, createKey, launchChromium, newCredentials, newPage, signUp } from "./browser.ts"

test.runIf(runsBrowserTests())("the dashboard works under the base path", async () => {
  await using started = await startLatchkey(inject("postgresUrl"), { basePath: "/settings/keys" })
  const { latchkey } = started
  const handle = latchkeyHandler(latchkey)
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/settings/keys")) void handle(request, response)
    else response.writeHead(404).end()
  }).listen(0, "localhost")
  await once(server, "listening")
  const browser = await launchChromium()
  onTestFinished(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })
  const url = `http://localhost:${(server.address() as AddressInfo).port}/settings/keys`

  const page = await newPage(await browser.newContext())
  const messages = collectMessages(page)
  await signUp(page, url, newCredentials())
  const key = await createKey(page, "nightly import")
  expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  await page.goto(`${url}/activity`)
  await page.getByRole("heading", { name: "Activity" }).waitFor()
  expect(page.url()).toBe(`${url}/activity`)
  expect(messages).toEqual([])
})
