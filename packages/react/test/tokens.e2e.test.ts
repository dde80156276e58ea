import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { createOwnerToken } from "./createOwnerToken.ts"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("a page's function that gets tokens", () => {
  const settings = useSettingsPage()

  /** Creates tokens for an owner, as the backend does. */
  async function startBackend() {
    const { host, context, of } = settings.current
    const { key } = await of("root").createKey("backend", { scopes: ["latchkey:manage"] })
    await of("org_tokens").createKey("reached")
    await context.clearCookies()
    return () => createOwnerToken(host.url, { key })
  }

  test("that never settles is given up after 10 seconds, and called again", async () => {
    const { host, page, row } = settings.current
    const token = await startBackend()
    let calls = 0
    host.token = () => (++calls === 1 ? new Promise(() => {}) : token())
    await page.clock.install()
    await page.goto(`${host.url}/?token`)
    await expect.poll(() => calls).toBe(1)
    await page.clock.runFor(10_000)
    await page.getByText("The server can’t be reached. Retrying…").waitFor()
    await page.clock.runFor(1_000)
    await row("reached").first().waitFor()
    expect(calls).toBe(2)
  })

  test.each([
    ["the page of a proxy", "<!doctype html><h1>502 Bad Gateway</h1>"],
    ["a text that no header can hold", "a\u00a0b"],
  ])("that returns %s is called again", async (_, text) => {
    const { host, page, row } = settings.current
    const token = await startBackend()
    let calls = 0
    host.token = async () => (++calls === 1 ? text : token())
    await page.goto(`${host.url}/?token`)
    await row("reached").first().waitFor()
    expect(calls).toBe(2)
  })

  test("that throws is called again", async () => {
    const { host, page, row } = settings.current
    host.token = await startBackend()
    await page.route("**/token?*", (route) => route.abort(), { times: 1 })
    await page.goto(`${host.url}/?token`)
    await row("reached").first().waitFor()
  })
})
