import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { findChromium, runsBrowserTests } from "@latchkey/test-postgres"
import { chromium } from "playwright-core"
import { expect, inject, onTestFinished, test } from "vitest"
import { latchkeyHandler } from "../src/adapters/node.ts"
import { startLatchkey } from "./startLatchkey.ts"

test.runIf(runsBrowserTests())("the dashboard works under the base path", async () => {
  await using started = await startLatchkey(inject("postgresUrl"), { basePath: "/settings/keys" })
  const { latchkey } = started
  const handle = latchkeyHandler(latchkey)
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/settings/keys")) void handle(request, response)
    else response.writeHead(404).end()
  }).listen(0, "localhost")
  await once(server, "listening")
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error("Chromium was not found; set CHROMIUM_PATH")
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
  onTestFinished(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })
  const url = `http://localhost:${(server.address() as AddressInfo).port}/settings/keys`

  const page = await browser.newPage()
  const messages: string[] = []
  page.on("console", (message) => messages.push(message.text()))
  page.on("pageerror", ({ message }) => messages.push(message))
  await page.goto(`${url}/sign-up`)
  await page.getByLabel("Email").fill(`${randomUUID()}@company.tld`)
  await page.getByLabel("Password", { exact: true }).fill(`correct horse ${randomUUID()}`)
  await page.getByRole("button", { name: "Create account" }).click()
  await page.getByRole("button", { name: "Create key" }).click()
  await page.getByRole("textbox", { name: "Label", exact: true }).fill("nightly import")
  await page.keyboard.press("Enter")
  const key = (await page.getByRole("dialog").locator("code").first().textContent()) ?? ""
  expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  await page.goto(`${url}/activity`)
  await page.getByRole("heading", { name: "Activity" }).waitFor()
  await page.getByRole("listitem").first().waitFor()
  expect(page.url()).toBe(`${url}/activity`)
  expect(messages).toEqual([])
})
