import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, inject, test } from "vitest"
import { walkAccessibly } from "../../../packages/react/test/expectAccessible.ts"
import { collectMessages, newContext, newCredentials, newPage, startBuiltServer } from "./browser.ts"
import { useBrowser } from "./useBrowser.ts"

describe.runIf(runsBrowserTests())("public pages", () => {
  const used = useBrowser({ REGISTRATION: "open" })

  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers } }
    return (await fetch(used.server.url + path, { ...init, body: JSON.stringify(body) })).json()
  }

  test("somebody without an account reports a leaked key, which is never in a URL and is revoked at once", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    const urls: string[] = []
    page.on("request", (request) => urls.push(request.url()))
    const { accessToken } = await post("/auth/register", newCredentials())
    const created = await post("/auth/apikeys", { label: "x" }, { authorization: `Bearer ${accessToken}` })
    const key = created.key as string

    await page.goto(used.server.url)
    await page.getByRole("link", { name: "Report a leaked key" }).click()
    await page.getByRole("button", { name: "Report and revoke" }).click()
    await page.getByText("Paste the key.").waitFor()
    await page.getByLabel("Leaked key").fill(` ${key} `)
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Thank you" }).waitFor()

    expect((await fetch(`${used.server.url}/auth/me`, { headers: { "x-api-key": key } })).status).toBe(401)
    expect(urls.join()).not.toContain(key)
    await expect.poll(() => page.url()).toBe(`${used.server.url}/leaked`)
    await expect.poll(() => page.content()).not.toContain(key)
    await page.getByRole("button", { name: "Report another key" }).click()
    await expect.poll(() => page.getByLabel("Leaked key").inputValue()).toBe("")
    await context.close()
  })

  test("the reference: every operation, no axe violations, no overflow, no console messages", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    const messages = collectMessages(page)
    const { paths } = await (await fetch(`${used.server.url}/openapi.json`)).json()
    const operations = Object.values<Record<string, { operationId: string }>>(paths).flatMap((methods) =>
      Object.values(methods),
    )

    for (const width of [320, 1440]) {
      await page.setViewportSize({ width, height: 800 })
      await page.goto("about:blank")
      await page.goto(`${used.server.url}/docs#apiKeys.rotate`)
      const section = page.locator("[id='apiKeys.rotate']")
      await section.getByRole("heading", { name: "Replace an API key" }).waitFor()
      await expect
        .poll(() => section.evaluate((it) => Math.abs(it.getBoundingClientRect().top)))
        .toBeLessThan(100)
    }
    await expect.poll(() => page.locator("section[id] > h3").count()).toBe(operations.length)
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true
    })
    await walkAccessibly(page)("the reference")
    expect(messages.filter((line) => !line.startsWith("verbose: "))).toEqual([])
    await context.close()
  })

  test("the reference's contents can be filtered, and lead to an operation by keyboard", async () => {
    const context = await newContext(used.browser, { viewport: { width: 1440, height: 800 } })
    const page = await newPage(context)
    await page.goto(`${used.server.url}/docs`)
    const contents = page.getByRole("navigation", { name: "Contents" }).first()
    await contents.getByLabel("Find an operation").fill("delete session")
    await expect
      .poll(() => contents.getByRole("link").allTextContents())
      .toEqual(["End all other sessionsDELETE", "End a sessionDELETE"])
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect.poll(() => new URL(page.url()).hash).toBe("#sessions.revokeOthers")
    await contents.getByLabel("Find an operation").fill("nothing of the kind")
    await contents.getByText("No operation matches.").waitFor()
    await context.close()
  })

  test("if registration is closed, the page offers no sign-up", async () => {
    await using closed = await startBuiltServer(inject("postgresUrl"), { REGISTRATION: "closed" })
    const context = await newContext(used.browser)
    const page = await newPage(context)
    await page.goto(`${closed.url}/sign-up`)
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    await expect.poll(() => page.getByRole("link", { name: "Create one" }).count()).toBe(0)
    await context.close()
  })
})
