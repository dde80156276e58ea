import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import {
  chooseAction,
  collectMessages,
  createKey,
  newContext,
  newCredentials,
  newPage,
  signUp,
} from "./browser.ts"
import { useBrowser } from "./useBrowser.ts"

describe.runIf(runsBrowserTests())("the life of a key", () => {
  const used = useBrowser({ MAX_KEYS_PER_USER: "25" })

  const callWith = async (apiKey: string) =>
    (await fetch(`${used.server.url}/auth/me`, { headers: { "x-api-key": apiKey } })).status

  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers } }
    return (await fetch(used.server.url + path, { ...init, body: JSON.stringify(body) })).json()
  }

  test("a key is created, copied, used, revoked and rejected, and the browser retains no secret", async () => {
    const context = await newContext(used.browser, { permissions: ["clipboard-read", "clipboard-write"] })
    const page = await newPage(context)
    const messages = collectMessages(page)
    const calls: { url: string; sent: string; body: string }[] = []
    // Chromium itself discards some bodies before they can be read.
    await page.route("**", async (route) => {
      const response = await route.fetch()
      const sent = route.request().postData() ?? ""
      calls.push({ url: response.url(), sent, body: await response.text() })
      // The page may have canceled the request.
      await route.fulfill({ response }).catch(() => {})
    })
    const credentials = newCredentials()
    await signUp(page, used.server.url, credentials)

    const key = await createKey(page, "nightly import")
    await page.keyboard.press("Escape")
    await page.getByRole("heading", { name: "Close without copying the key?" }).waitFor()
    await page.getByRole("button", { name: "Back to the key" }).click()
    await page.getByRole("tab", { name: "curl" }).click()
    await page.getByRole("button", { name: "Copy the example" }).click()
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toBe(`curl '${used.server.url}/auth/me' \\\n  -H "X-API-Key: $LATCHKEY_API_KEY"`)
    await page.getByRole("button", { name: "Copy the API key" }).click()
    await page.getByRole("button", { name: "Copied the API key" }).waitFor()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(key)
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("dialog").waitFor({ state: "detached" })

    const row = page.getByRole("row", { name: /nightly import/ })
    await row.getByRole("cell", { name: "Never" }).waitFor()
    await expect.poll(() => row.textContent()).toContain(`${key.slice(0, 8)}…`)
    expect(await callWith(key)).toBe(200)
    await row.getByRole("cell", { name: "Never" }).waitFor({ state: "detached", timeout: 20_000 })
    await expect.poll(() => row.locator("time").nth(-1).getAttribute("title")).toMatch(/\d{4}, \d/)

    await chooseAction(page, "nightly import", "Revoke")
    await page.getByRole("heading", { name: "Revoke “nightly import”?" }).waitFor()
    await page.getByRole("button", { name: "Revoke key" }).click()
    await page.getByText("“nightly import” was revoked.").first().waitFor()
    await page.getByText("No active keys.").waitFor()
    await page.getByLabel(/^Ended/).check()
    await row.getByText("Revoked").waitFor()
    expect(await callWith(key)).toBe(401)

    await page.getByRole("link", { name: "Activity" }).click()
    const events = page.getByRole("list", { name: /^Account activity/ }).getByRole("listitem")
    await events.first().getByText("Revoked the key “nightly import”").waitFor()
    await expect
      .poll(() => events.locator("div > p:first-child").allTextContents())
      .toEqual([
        "Revoked the key “nightly import”",
        "Created the key “nightly import”",
        "Created the account",
      ])
    await expect.poll(() => events.first().textContent()).toContain("Chrome on Linux · 127.0.0.1")
    await expect.poll(() => events.first().locator("time").first().getAttribute("title")).toMatch(/\d{4}, \d/)

    const retained = await page.evaluate(async () =>
      JSON.stringify({
        html: document.documentElement.outerHTML,
        local: { ...localStorage },
        session: { ...sessionStorage },
        databases: await indexedDB.databases(),
        caches: await caches.keys(),
        cookies: document.cookie,
        url: location.href,
        history: history.state,
      }),
    )
    const accessToken = /"accessToken":"([^"]+)"/.exec(calls.map(({ body }) => body).join())?.[1] ?? ""
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: "/" })
    expect(cookie?.name).toBe("__Host-latchkey")

    for (const secret of [key, accessToken, cookie?.value ?? "", credentials.password]) {
      expect(secret.length).toBeGreaterThan(20)
      expect(retained).not.toContain(secret)
      expect(messages.join()).not.toContain(secret)
      expect(calls.map(({ url }) => url).join()).not.toContain(secret)
    }
    const withKey = calls.filter(({ body }) => body.includes(key))
    expect(withKey.map(({ url }) => new URL(url).pathname)).toEqual(["/trpc/apiKeys.create"])
    expect(calls.filter(({ sent }) => sent.includes(key) || sent.includes(accessToken))).toEqual([])
    expect(messages.filter((line) => !line.startsWith("verbose: "))).toEqual([])
    await context.close()
  })

  test("keys can be created and revoked by keyboard, and dialogs restore the focus", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    await signUp(page, used.server.url)
    const focused = () => page.evaluate(() => document.activeElement?.textContent)

    await page.getByRole("button", { name: "Create key" }).focus()
    await page.keyboard.press("Enter")
    await page.getByRole("textbox", { name: "Label", exact: true }).and(page.locator(":focus")).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await expect.poll(focused).toBe("Create key")

    await page.keyboard.press("Enter")
    await page.getByRole("textbox", { name: "Label", exact: true }).and(page.locator(":focus")).waitFor()
    await page.keyboard.type("by keyboard")
    await page.keyboard.press("Enter")
    await page.getByText("You won’t be able to see it again").waitFor()
    await expect.poll(focused).toMatch(/^Copy/)
    await page.keyboard.press("Escape")
    await page.getByRole("alertdialog").waitFor()
    await expect.poll(focused).toBe("Back to the key")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await expect.poll(focused).toBe("Create key")

    await page.getByRole("button", { name: "Actions for by keyboard" }).focus()
    await page.keyboard.press("Enter")
    await page.locator("[role=menuitem]:focus").waitFor()
    await page.keyboard.press("End")
    await expect.poll(focused).toBe("Revoke")
    await page.keyboard.press("Enter")
    await page.getByRole("alertdialog").waitFor()
    await expect.poll(focused).toBe("Cancel")
    await page.keyboard.press("Escape")
    await page.getByRole("alertdialog").waitFor({ state: "detached" })
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label")))
      .toBe("Actions for by keyboard")
    await context.close()
  })

  test("the activity page groups wrong passwords, and can be paged through by keyboard", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    const { email, password } = await signUp(page, used.server.url)
    const titles = page.getByRole("list", { name: /^Account activity/ }).locator("div > p:first-child")
    for (let n = 0; n < 3; n++) await post("/auth/login", { email, password: "not the password" })

    await page.getByRole("link", { name: "Activity" }).focus()
    await page.keyboard.press("Enter")
    await page.getByText("Wrong password, 3 times").waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Activity")

    const { accessToken } = await post("/auth/login", { email, password })
    const headers = { authorization: `Bearer ${accessToken}` }
    for (let n = 1; n <= 19; n++) await post("/auth/apikeys", { label: `key ${n}` }, headers)
    await page.reload()
    await titles.getByText("Created the key “key 19”").waitFor()
    await expect.poll(() => titles.count()).toBe(20)
    await page.getByRole("button", { name: "Next" }).focus()
    await page.keyboard.press("Enter")
    await titles.getByText("Created the account").waitFor()
    await expect
      .poll(() => titles.allTextContents())
      .toEqual(["Wrong password, 3 times", "Created the account"])
    await context.close()
  })

  test("25 keys are shown in pages and can be searched by label, and 25 is the limit", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    const { email, password } = await signUp(page, used.server.url)
    const { accessToken } = await post("/auth/login", { email, password })
    const headers = { authorization: `Bearer ${accessToken}` }
    for (let n = 0; n < 25; n++) await post("/auth/apikeys", { label: `key ${n}` }, headers)
    await page.reload()

    await page.getByText("1–20 of 25").waitFor()
    const labels = page.locator("tbody [data-part=key-label]")
    const seen = await labels.allTextContents()
    await page.getByRole("button", { name: "Next" }).click()
    await page.getByText("21–25 of 25").waitFor()
    expect(new Set([...seen, ...(await labels.allTextContents())]).size).toBe(25)
    await expect.poll(() => new URL(page.url()).search).toBe("?page=2")
    await expect.poll(() => page.getByRole("button", { name: "Next" }).isDisabled()).toBe(true)
    await page.goBack()
    await page.getByText("1–20 of 25").waitFor()

    await page.getByLabel("Search by label or start").fill("KEY 12")
    await page.getByRole("row", { name: /key 11/ }).waitFor({ state: "detached" })
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1)
    await page.getByRole("link", { name: "key 12" }).click()
    await page.getByRole("heading", { name: "key 12" }).waitFor()
    await expect.poll(() => new URL(page.url()).pathname).toMatch(/^\/keys\/[0-9a-f-]{36}$/)
    await page.reload()
    await page.getByRole("heading", { name: "key 12" }).waitFor()
    await page.getByRole("main").getByRole("link", { name: "API keys" }).click()
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByRole("textbox", { name: "Label", exact: true }).fill("one too many")
    await page.keyboard.press("Enter")
    await page.getByText("the limit of 25 active keys").waitFor()
    await context.close()
  })
})
