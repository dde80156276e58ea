import { gate, runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { createKey, newCredentials, newPage, signUp } from "./browser.ts"
import { useBrowser, useContext } from "./useBrowser.ts"

describe.runIf(runsBrowserTests())("another account in the same browser", () => {
  const used = useBrowser()
  const opened = useContext(used)

  test("data loaded for one account is not shown to another that signs in from another tab", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await createKey(page, "Key of the first")
    await page.reload()
    await page.getByRole("link", { name: "Activity" }).click()
    await page.getByText("Key of the first").waitFor()
    // No page of the user is open when the account changes.
    await page.getByRole("link", { name: "API reference" }).click()
    const other = await newPage(opened.context)
    await other.goto(used.server.url)
    await other.getByRole("button", { name: "Sign out" }).click()
    await other.getByText("You have signed out.").waitFor()
    await signUp(other, used.server.url)
    await page.waitForFunction(() => localStorage.getItem("latchkey.hasSession") === "1")

    const answer = gate()
    await page.route("**/trpc/audit.list*", async (route) => {
      await answer.opened
      await route.continue()
    })
    await page.getByRole("link", { name: "Your API keys" }).click()
    await page.getByRole("heading", { name: "Create your first key" }).waitFor()
    await page.getByRole("link", { name: "Activity" }).click()
    await page.getByRole("heading", { name: "Activity" }).waitFor()
    await expect.poll(() => page.getByText("Key of the first").count()).toBe(0)
    answer.open()
    await page.getByText("Created the account").waitFor()
  })

  test("a call of one account is never made as another account whose cookie the browser has received since", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByRole("textbox", { name: "Label", exact: true }).fill("Key of the first")
    // The list, which is reloaded constantly, would notice the change first.
    const answer = gate()
    await page.route("**/trpc/apiKeys.list*", async (route) => {
      await answer.opened
      await route.continue()
    })
    // Another page of the same origin signs in without telling this one, which ends the first account's session.
    const other = await newPage(opened.context)
    await other.goto(`${used.server.url}/docs`)
    const next = newCredentials()
    await other.evaluate(async (credentials) => {
      const headers = { "content-type": "application/json" }
      const body = JSON.stringify({ ...credentials, session: "cookie" })
      await fetch("/auth/register", { method: "POST", headers, body })
    }, next)

    const creations: string[] = []
    page.on("request", (request) => {
      if (request.url().includes("apiKeys.create")) creations.push(request.headers().authorization ?? "")
    })

    await page.keyboard.press("Enter")

    await page.getByText(next.email).waitFor()
    answer.open()
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await page.getByRole("heading", { name: "Create your first key" }).waitFor()
    expect(creations).toHaveLength(1)
  })

  test("a message to one account is closed when another account signs in from another tab", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await page.route("**/trpc/auth.logout*", (route) => route.abort())
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByText("You could not be signed out.").first().waitFor()

    const other = await newPage(opened.context)
    await other.goto(used.server.url)
    await other.getByRole("button", { name: "Sign out" }).click()
    await other.getByText("You have signed out.").waitFor()
    const next = newCredentials()
    await signUp(other, used.server.url, next)
    await page.getByText(next.email).waitFor()
    await page.getByText("You could not be signed out.").first().waitFor({ state: "detached" })
  })

  test("a page that the browser has kept starts over when somebody goes back to it", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await createKey(page, "left open")
    // The headless shell keeps no pages, so this only tells the page that it was kept.
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })))
    await page.getByRole("row", { name: "left open" }).waitFor()
    await expect.poll(() => page.locator("[data-part=key]").count()).toBe(0)
  })
})
