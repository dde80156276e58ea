import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { findChromium, runsBrowserTests } from "@latchkey/test-postgres"
import { chromium, type Page } from "playwright-core"
import { describe, expect, inject, onTestFinished, test } from "vitest"
import { latchkeyHandler } from "../src/adapters/node.ts"
import type { LatchkeyServerOptions } from "../src/options/options.ts"
import { startLatchkey, type TestScope } from "./startLatchkey.ts"

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'

/** A product with a logo that mounts the dashboard, and a page in it. `cookie` is what the product's own sign-in would set. */
async function openDashboard(options: Partial<LatchkeyServerOptions<TestScope>> = {}) {
  const started = await startLatchkey(inject("postgresUrl"), { basePath: "/settings/keys", ...options })
  const { latchkey } = started
  const handle = latchkeyHandler(latchkey)
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/settings/keys")) void handle(request, response)
    else if (request.url === "/logo.svg") response.setHeader("content-type", "image/svg+xml").end(LOGO)
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
    await started[Symbol.asyncDispose]()
  })
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const context = await browser.newContext()
  const page = await context.newPage()
  const messages: string[] = []
  page.on("console", (message) => messages.push(message.text()))
  page.on("pageerror", ({ message }) => messages.push(message))
  const signInAtHost = (user: string) => context.addCookies([{ name: "user", value: user, url: origin }])
  return { latchkey, url: `${origin}/settings/keys`, context, page, messages, signInAtHost }
}

async function createKey(page: Page, label: string): Promise<string> {
  await page.getByRole("button", { name: "Create key" }).click()
  await page.getByRole("textbox", { name: "Label", exact: true }).fill(label)
  await page.keyboard.press("Enter")
  return (await page.getByRole("dialog").locator("code").first().textContent()) ?? ""
}

describe.runIf(runsBrowserTests())("the dashboard in a product", () => {
  test("works under the base path", async () => {
    const { latchkey, url, page, messages } = await openDashboard()

    await page.goto(`${url}/sign-up`)
    await page.getByLabel("Email").fill(`${randomUUID()}@company.tld`)
    await page.getByLabel("Password", { exact: true }).fill(`correct horse ${randomUUID()}`)
    await page.getByRole("button", { name: "Create account" }).click()
    const key = await createKey(page, "nightly import")

    expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
    await page.goto(`${url}/activity`)
    await page.getByRole("heading", { name: "Activity" }).waitFor()
    await page.getByRole("listitem").first().waitFor()
    await expect.poll(() => page.url()).toBe(`${url}/activity`)
    await page.getByRole("link", { name: "API reference" }).click()
    await page.getByText(`curl ${url}/auth/apikeys `).first().waitFor()
    await expect.poll(() => page.url()).toBe(`${url}/docs`)
    expect(messages).toEqual([])
  })

  test("shows the keys of the user who is signed in to the product, and nothing to others", async () => {
    const { latchkey, url, page, context, signInAtHost } = await openDashboard({
      passwords: "off",
      product: { name: "Tidewater" },
      identify: (headers) => {
        const subject = /user=(\w+)/.exec(headers.get("cookie") ?? "")?.[1]
        return subject === undefined ? null : { subject, ...(subject === "root" && { role: "admin" }) }
      },
    })

    await page.goto(url)
    await page.getByRole("heading", { name: "Sign in to Tidewater" }).waitFor()
    await expect.poll(() => page.getByLabel("Password").count()).toBe(0)
    await expect
      .poll(() => page.getByRole("link", { name: "Go to Tidewater" }).getAttribute("href"))
      .toBe("/")

    await signInAtHost("ada")
    await page.reload()
    await page.getByText("Signed in as ada").waitFor()
    const key = await createKey(page, "nightly import")
    expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ caller: { subject: "ada" } })
    await page.goto(`${url}/account`)
    await page.getByText("belong to Tidewater").waitFor()
    await expect.poll(() => page.getByRole("button", { name: "Sign out" }).count()).toBe(0)

    await signInAtHost("root")
    await page.goto(`${url}/admin`)
    await page.getByRole("row", { name: /ada/ }).waitFor()
    await context.clearCookies()
    await page.getByRole("link", { name: "API keys" }).click()
    await page.getByRole("heading", { name: "Sign in to Tidewater" }).waitFor()
  })

  test("says plainly that nobody can sign in, if there are neither accounts nor a host's session", async () => {
    const { url, page } = await openDashboard({ passwords: "off" })
    await page.goto(url)
    await page.getByRole("heading", { name: "Nobody can sign in here" }).waitFor()
  })

  test("shows the product's name, logo and color instead of Latchkey's", async () => {
    const { url, page, messages } = await openDashboard({
      product: { name: 'Ada & "Sons" <Ltd>', logo: "/logo.svg", accentColor: "#ffe600" },
    })

    const response = await page.goto(url)
    await page.getByRole("heading", { name: "Sign in" }).waitFor()

    expect(response?.headers()["content-security-policy"]).toContain("img-src 'self';")
    expect(await page.title()).toBe('Sign in · Ada & "Sons" <Ltd>')
    await expect.poll(() => page.locator("body").textContent()).not.toContain("Latchkey")
    const logo = page.locator("main img")
    await expect.poll(() => logo.getAttribute("src")).toBe("/logo.svg")
    await expect.poll(() => page.evaluate("document.querySelector('main img').naturalWidth")).toBe(8)
    const colors = await page.evaluate(`(() => {
      const { color, backgroundColor } = getComputedStyle(document.querySelector("button[type=submit]"))
      return [color, backgroundColor]
    })()`)
    expect(colors).toEqual(["rgb(0, 0, 0)", expect.stringMatching(/^rgb\(2\d\d, 2\d\d, 0\)$/)])
    expect(messages).toEqual([])
  })
})
