import { randomUUID } from "node:crypto"
import { connect, gate, runsBrowserTests } from "@latchkey/test-postgres"
import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { newContext, newCredentials, newPage, signIn as signInAs, signUp } from "./browser.ts"
import { useBrowser } from "./useBrowser.ts"

describe.runIf(runsBrowserTests())("administration", () => {
  const admin = newCredentials()
  const otherAdmin = newCredentials()
  const used = useBrowser({ ADMIN_EMAILS: `${admin.email},${otherAdmin.email}` })

  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers } }
    return (await fetch(used.server.url + path, { ...init, body: JSON.stringify(body) })).json()
  }

  const signIn = (page: Page) => signInAs(page, admin)

  const createKey = async (accessToken: string, label: string) =>
    (await post("/auth/apikeys", { label }, { authorization: `Bearer ${accessToken}` })).key as string

  const callWith = async (apiKey: string) =>
    (await fetch(`${used.server.url}/auth/me`, { headers: { "x-api-key": apiKey } })).status

  test("disabling a user blocks their page and keys at once, and an administrator can enable them and revoke a key", async () => {
    const [adminContext, userContext] = [await newContext(used.browser), await newContext(used.browser)]
    const [page, userPage] = [await newPage(adminContext), await newPage(userContext)]
    await signUp(page, used.server.url, admin)
    const user = await signUp(userPage, used.server.url)
    const { accessToken } = await post("/auth/login", user)
    const key = await createKey(accessToken, "nightly import")
    expect(await callWith(key)).toBe(200)

    await page.getByRole("link", { name: "Admin" }).click()
    const row = page.getByRole("row", { name: user.email })
    await page.getByLabel("Search by any part of the email").fill(user.email.slice(4).toUpperCase())
    await page.getByRole("row", { name: admin.email }).waitFor({ state: "detached" })
    await row.getByRole("button", { name: "Disable" }).click()
    await page.getByRole("heading", { name: `Disable ${user.email}?` }).waitFor()
    await page.getByText("1 active key stops working immediately.").waitFor()
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
  })

  test("the dialog stays open until the response with a link to set a password arrives", async () => {
    await post("/auth/register", admin)
    const user = newCredentials()
    await post("/auth/register", user)
    const page = await newPage(await newContext(used.browser))
    await page.goto(`${used.server.url}/admin`)
    await signIn(page)
    await page.getByRole("row", { name: user.email }).getByRole("button", { name: "Sign-in of" }).click()
    await page.getByRole("button", { name: "Create a link to set the password" }).click()
    const [begun, resumed] = [gate(), gate()]
    await page.route("**/trpc/admin.users.createResetLink*", async (route) => {
      begun.open()
      await resumed.opened
      await route.continue()
    })
    await page.getByRole("button", { name: "Create link" }).click()
    await begun.opened
    await page.keyboard.press("Escape")
    await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click({ force: true })
    resumed.open()
    await page.getByRole("button", { name: "Copy the link" }).waitFor()
    await page.context().close()
  })

  test("a search for a whole key sends only its public part", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    const key = await createKey((await post("/auth/register", newCredentials())).accessToken, "leaked")
    const requests: string[] = []
    page.on("request", (request) => requests.push(`${request.url()} ${request.postData()}`))
    await page.goto(used.server.url)
    await signIn(page)
    await page.getByRole("link", { name: "Admin" }).click()
    await page.getByRole("link", { name: "Keys", exact: true }).click()

    const search = page.waitForResponse((response) => response.url().includes(key.slice(0, 16)))
    await page.getByPlaceholder("Label, email, key").fill(key)
    await search

    await page.getByRole("row", { name: /leaked/ }).waitFor()
    expect(requests.join()).not.toContain(key.slice(16))
    await context.close()
  })

  test("a user is erased once their email has been typed: their key ends, and the email is free again", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    const user = newCredentials()
    const key = await createKey((await post("/auth/register", user)).accessToken, "x")
    await page.goto(`${used.server.url}/admin`)
    await signIn(page)
    await page.getByRole("button", { name: `Erase ${user.email}` }).click()
    await page.getByText("1 active key stops working immediately.").waitFor()
    await page.getByLabel(`Type ${user.email} to confirm`).fill("somebody else")
    await page.keyboard.press("Enter")
    await page.getByText(`That is not ${user.email}.`).waitFor()
    expect(await callWith(key)).toBe(200)

    await page.getByLabel(`Type ${user.email} to confirm`).fill(user.email)
    await page.keyboard.press("Enter")
    await page.getByRole("alertdialog").waitFor({ state: "detached" })

    await page.getByRole("row", { name: user.email }).waitFor({ state: "detached" })
    expect(await callWith(key)).toBe(401)
    expect(await post("/auth/register", user)).toHaveProperty("accessToken")
    await context.close()
  })

  test("what one administrator began is not continued as another who signs in from another tab", async () => {
    await Promise.all([admin, otherAdmin].map((each) => post("/auth/register", each)))
    const user = newCredentials()
    await post("/auth/register", user)
    const context = await newContext(used.browser)
    const [page, other] = [await newPage(context), await newPage(context)]
    await page.clock.install()
    await page.goto(`${used.server.url}/admin`)
    await signIn(page)
    // The server has begun, and asks for another attempt in a minute.
    const data = {
      code: "SERVICE_UNAVAILABLE",
      httpStatus: 503,
      reason: "UNAVAILABLE",
      requestId: "r",
      begun: true,
    }
    const begun = {
      status: 503,
      headers: { "retry-after": "60" },
      json: [{ error: { json: { code: -32603, message: "Not finished.", data } } }],
    }
    await page.route("**/trpc/admin.users.erase*", (route) => route.fulfill(begun), { times: 1 })
    const isAnswered = page.waitForResponse("**/trpc/admin.users.erase*")
    await page.getByRole("button", { name: `Erase ${user.email}` }).click()
    await page.getByLabel(`Type ${user.email} to confirm`).fill(user.email)
    await page.keyboard.press("Enter")
    await isAnswered

    await other.goto(used.server.url)
    await other.getByRole("button", { name: "Sign out" }).click()
    await page.getByText("You have signed out.").waitFor()
    await signInAs(other, otherAdmin)
    await page.getByRole("row", { name: user.email }).waitFor()
    await page.clock.runFor(61_000)

    await page.reload()
    await page.getByRole("row", { name: user.email }).waitFor()
    await context.close()
  })

  test("an incident: matching keys are previewed, and revoked once their number has been typed", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    const { accessToken } = await post("/auth/register", newCredentials())
    const label = `leaky ${randomUUID()}`
    const keys = [await createKey(accessToken, `${label} 1`), await createKey(accessToken, `${label} 2`)]
    const spared = await createKey(accessToken, "another")
    await page.goto(`${used.server.url}/admin/incident`)
    await signIn(page)
    await page.getByRole("button", { name: "Preview" }).click()
    await page.getByText("Fill in at least one condition.").waitFor()
    await page.getByLabel("Label contains").fill(label.toUpperCase())
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "2 active keys match" }).waitFor()
    expect(
      await page
        .getByRole("table", { name: /^Some of the keys/ })
        .getByRole("row")
        .count(),
    ).toBe(3)

    await page.getByRole("button", { name: "Revoke 2 keys" }).click()
    await page.getByText("That is not the number of keys.").waitFor()
    expect(await callWith(keys[0] ?? "")).toBe(200)
    // The first response is lost after the server has begun.
    await page.route(
      "**/trpc/admin.apiKeys.revokeWhere*",
      async (route) => {
        await route.fetch()
        await route.abort()
      },
      { times: 1 },
    )
    await page.getByLabel("Type 2 to confirm").fill("2")
    await page.keyboard.press("Enter")
    await page.getByText("2 keys are revoked.").waitFor()

    expect(await Promise.all(keys.map(callWith))).toEqual([401, 401])
    expect(await callWith(spared)).toBe(200)
    await context.close()
  })

  test("the import is explained, and imported keys are listed separately", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    await page.goto(`${used.server.url}/admin/import`)
    await signIn(page)
    await page.getByText("No keys have been imported.").waitFor()
    const sql = connect(used.server.databaseUrl)
    await sql`
      insert into latchkey.api_keys (owner_id, label, created_by, key_hash, hash_kind, imported_start, imported_length, checks)
      select id, 'from elsewhere', 'x', 'x', 'sha256', 'sk_live_4f9a', 40, '{imported}' from latchkey.owners limit 1`
    await sql.end()

    await page.getByRole("row", { name: /from elsewhere/ }).waitFor({ timeout: 10_000 })
    await expect.poll(() => page.getByRole("row").count()).toBe(2)
    await context.close()
  })

  test("other users can't see the administration pages", async () => {
    const context = await newContext(used.browser)
    const page = await newPage(context)
    await signUp(page, used.server.url)
    await expect.poll(() => page.getByRole("link", { name: "Admin" }).count()).toBe(0)
    for (const path of ["/admin", "/admin/keys", "/admin/incident", "/admin/import"]) {
      await page.goto(used.server.url + path)
      await page.getByRole("heading", { name: "Page not found" }).waitFor()
    }
    await context.close()
  })
})
