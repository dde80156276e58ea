import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { createOwnerToken } from "./createOwnerToken.ts"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("the credentials of a product's page", () => {
  const settings = useSettingsPage()

  test("a viewer sees keys, but no buttons to change them", async () => {
    const { host, page, problems, createKey, row, button, signIn } = settings.current
    await createKey("shared")
    await signIn("user_9 read")
    await page.goto(host.url)
    await row("shared").waitFor()
    await page.getByText("You can see these keys, but not change them.").waitFor()
    await expect.poll(() => button("Create key").count()).toBe(0)
    await expect.poll(() => page.getByRole("checkbox").count()).toBe(0)
    await button("Actions for shared").click()
    await expect.poll(() => page.getByRole("menuitem").allTextContents()).toEqual(["Copy ID"])
    expect(problems).toEqual([])
  })

  test("a page without a cookie uses its backend's tokens, one after the other", async () => {
    const { host, context, page, createKey, row, button, of } = settings.current
    const managing = { scopes: ["latchkey:manage"] }
    expect(await createKey("backend", managing)).toMatchObject({ reason: "FORBIDDEN" })
    const { key } = await of("root").createKey("backend", managing)
    const token = (manage?: "read") => createOwnerToken(host.url, { key, body: manage ? { manage } : {} })
    await context.clearCookies()
    const asked: boolean[] = []
    const expired = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJsYXRjaGtleSJ9.AAAA"
    host.token = async (wasRejected) => {
      asked.push(wasRejected)
      return wasRejected ? token() : expired
    }
    await page.goto(`${host.url}/?token`)
    await page.getByText("Create your first key").waitFor()
    expect(asked).toEqual([false, true])
    await button("Create key").click()
    await page.getByRole("textbox", { name: "Label" }).fill("by token")
    await page.keyboard.press("Enter")
    await button("Copy the API key").click()
    await button("Done").click()
    await row("by token").waitFor()
    await expect
      .poll(() => page.evaluate(() => document.querySelectorAll("[data-part=trail]").length))
      .toBe(0)

    host.token = () => token("read")
    await page.goto(`${host.url}/?token&again`)
    await row("by token").waitFor()
    await expect.poll(() => button("Create key").count()).toBe(0)
  })

  test("a page that uses tokens never acts by the cookie, even if its backend returns no token", async () => {
    const { host, page, createKey, button } = settings.current
    await createKey("of the cookie")
    host.token = async () => ""
    await page.goto(`${host.url}/?token`)
    await page.getByText("Your session has ended. Sign in again.").waitFor()
    await expect.poll(() => page.content()).not.toContain("of the cookie")
    await expect.poll(() => button("Create key").count()).toBe(0)
  })

  test("a call for one organization is not repeated with a token of the next one", async () => {
    const { host, context, page, call, createKey, row, button, of, organization } = settings.current
    const { key } = await of("root").createKey("backend", { scopes: ["latchkey:manage"] })
    const next = of("org_next")
    await createKey("ours")
    await next.createKey("theirs")
    await context.clearCookies()
    host.token = async (_, owner) => {
      const response = await fetch(`${host.url}/latchkey/auth/owner-tokens`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-api-key": key,
          "latchkey-on-behalf-of": `host ${owner}`,
        },
        body: "{}",
      })
      return ((await response.json()) as { accessToken: string }).accessToken
    }
    await page.goto(`${host.url}/?token&organization=${organization}`)
    await row("ours").waitFor()
    const statuses: number[] = []
    page.on("response", (response) => {
      if (response.url().includes("apiKeys.create")) statuses.push(response.status())
    })
    // The page changes to the next organization while the call is under way, whose token has just expired.
    await page.route("**/trpc/apiKeys.create*", async (route) => {
      const headers = await route.request().allHeaders()
      await page.evaluate(() => dispatchEvent(new CustomEvent("organization", { detail: "org_next" })))
      await row("theirs").waitFor()
      await route.continue({ headers: { ...headers, authorization: "Bearer expired" } })
      await page.unroute("**/trpc/apiKeys.create*")
    })

    await button("Create key").click()
    await page.getByRole("textbox", { name: "Label" }).fill("late")
    await page.keyboard.press("Enter")

    await expect.poll(() => statuses).toEqual([401, 200])
    const labelsOf = async (member: Pick<typeof next, "call">) =>
      (await member.call<{ items: { label: string }[] }>("GET", "/apikeys")).items.map(({ label }) => label)
    expect(await labelsOf(next)).toEqual(["theirs"])
    expect(await labelsOf({ call })).toEqual(["late", "ours"])
  })

  test("when the cookie becomes another organization's, nothing of the previous one stays", async () => {
    const { host, context, page, problems, createKey, row, choose, of, cookie } = settings.current
    const other = of("org_after")
    await other.createKey("theirs")
    const { key } = await createKey("ended")
    const { apiKeyId } = await (
      await fetch(`${host.url}/latchkey/auth/me`, { headers: { "x-api-key": key } })
    ).json()
    await fetch(`${host.url}/latchkey/auth/apikeys/${apiKeyId}`, {
      method: "DELETE",
      headers: { cookie: `member=${cookie("user_7")}`, origin: host.url },
    })
    await createKey("ours")
    await page.goto(host.url)
    await choose("ours", "Revoke")
    await page.getByRole("alertdialog").waitFor()

    const member = { name: "member", value: other.cookie("user_8"), url: host.url }
    await context.addCookies([member])

    await row("theirs").waitFor()
    await expect.poll(() => page.getByRole("alertdialog").count()).toBe(0)
    await page.getByLabel(/^Ended/).check()
    await page.getByText("No key has been revoked or has expired.").waitFor()
    expect(problems).toEqual([])
  })

  test("headers say for which organization the page acts", async () => {
    const { host, page, problems, createKey, row, choose, organization, of } = settings.current
    await of("org_other").createKey("theirs")
    await createKey("ours")
    await page.goto(`${host.url}/?organization=${organization}`)
    await choose("ours", "Revoke")
    await page.getByRole("alertdialog").waitFor()

    // What was asked about a key of one organization is not done to another's.
    await page.evaluate(() => dispatchEvent(new CustomEvent("organization", { detail: "org_other" })))
    await row("theirs").waitFor()
    await expect.poll(() => page.getByRole("alertdialog").count()).toBe(0)
    expect(problems).toEqual([])
  })
})
