import { runsBrowserTests } from "@latchkey/test-postgres"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { launchChromium, newCredentials, newPage, signUp, startBuiltServer } from "./browser.ts"

describe.runIf(runsBrowserTests())("administration", () => {
  const admin = newCredentials()
  let server: Awaited<ReturnType<typeof startBuiltServer>>
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startBuiltServer(inject("postgresUrl"), { ADMIN_EMAILS: admin.email })
  })
  afterAll(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })

  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers } }
    return (await fetch(server.url + path, { ...init, body: JSON.stringify(body) })).json()
  }

  const createKey = async (accessToken: string, label: string) =>
    (await post("/auth/apikeys", { label }, { authorization: `Bearer ${accessToken}` })).key as string

  const callWith = async (apiKey: string) =>
    (await fetch(`${server.url}/auth/me`, { headers: { "x-api-key": apiKey } })).status

  test("disabling a user blocks their page and keys at once, and an administrator can enable them and revoke a key", async () => {
    const [adminContext, userContext] = [await browser.newContext(), await browser.newContext()]
    const [page, userPage] = [await newPage(adminContext), await newPage(userContext)]
    await signUp(page, server.url, admin)
    const user = await signUp(userPage, server.url)
    const { accessToken } = await post("/auth/login", user)
    const key = await createKey(accessToken, "nightly import")
    expect(await callWith(key)).toBe(200)

    await page.getByRole("link", { name: "Admin" }).click()
    const row = page.getByRole("row", { name: user.email })
    await page.getByLabel("Search by start of email").fill(user.email.toUpperCase())
    await page.getByRole("row", { name: admin.email }).waitFor({ state: "detached" })
    await row.getByRole("button", { name: "Disable" }).click()
    await page.getByRole("heading", { name: `Disable ${user.email}?` }).waitFor()
    await page.getByRole("button", { name: "Disable user" }).click()
    await row.getByRole("cell", { name: /^Disabled/ }).waitFor()

    expect(await callWith(key)).toBe(401)
    await userPage.getByRole("link", { name: "Account" }).click()
    await userPage.getByText("Your session has ended.").waitFor()
    await userPage.getByLabel("Email").fill(user.email)
    await userPage.getByLabel("Password", { exact: true }).fill(user.password)
    await userPage.getByRole("button", { name: "Sign in" }).click()
    await userPage.getByText("Wrong email or password.").waitFor()

    await row.getByRole("button", { name: "Enable" }).click()
    await page.getByRole("button", { name: "Enable user" }).click()
    await row.getByRole("button", { name: "Disable" }).waitFor()
    expect(await callWith(key)).toBe(200)

    await row.getByRole("link", { name: /1 active key/ }).click()
    await page.getByRole("heading", { name: "Keys of all users" }).waitFor()
    await page.getByRole("button", { name: `Revoke nightly import of ${user.email}` }).click()
    await page.getByRole("button", { name: "Revoke key" }).click()
    await page.getByText("No active keys match.").waitFor()
    expect(await callWith(key)).toBe(401)
    await Promise.all([adminContext.close(), userContext.close()])
  }, 60_000)

  test("a search for a whole key sends only its public part", async () => {
    const context = await browser.newContext()
    const page = await newPage(context)
    const key = await createKey((await post("/auth/register", newCredentials())).accessToken, "leaked")
    const requests: string[] = []
    page.on("request", (request) => requests.push(`${request.url()} ${request.postData()}`))
    await page.goto(server.url)
    await page.getByLabel("Email").fill(admin.email)
    await page.getByLabel("Password", { exact: true }).fill(admin.password)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByRole("link", { name: "Admin" }).click()
    await page.getByRole("link", { name: "Keys", exact: true }).click()

    const search = page.waitForResponse((response) => response.url().includes(key.slice(0, 16)))
    await page.getByPlaceholder("Label, email, key").fill(key)
    await search

    await page.getByRole("row", { name: /leaked/ }).waitFor()
    expect(requests.join()).not.toContain(key.slice(16))
    await context.close()
  })

  test("other users can't see the administration pages", async () => {
    const context = await browser.newContext()
    const page = await newPage(context)
    await signUp(page, server.url)
    expect(await page.getByRole("link", { name: "Admin" }).count()).toBe(0)
    for (const path of ["/admin", "/admin/keys"]) {
      await page.goto(server.url + path)
      await page.getByRole("heading", { name: "Page not found" }).waitFor()
    }
    await context.close()
  })
})
