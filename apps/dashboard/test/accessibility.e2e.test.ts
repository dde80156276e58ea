import { runsBrowserTests } from "@latchkey/test-postgres"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { walkAccessibly } from "../../../packages/react/test/expectAccessible.ts"
import {
  collectMessages,
  createKey,
  launchChromium,
  newContext,
  newCredentials,
  newPage,
  signUp,
  startBuiltServer,
} from "./browser.ts"

describe.runIf(runsBrowserTests())("every page and dialog", () => {
  let server: Awaited<ReturnType<typeof startBuiltServer>>
  let browser: Browser
  const admin = newCredentials()
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startBuiltServer(inject("postgresUrl"), { ADMIN_EMAILS: admin.email })
  })
  afterAll(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })

  test("in both themes, wide and narrow: no axe violations, no overflow, no console messages", async () => {
    const context = await newContext(browser)
    const page = await newPage(context)
    const messages = collectMessages(page)
    const checkPage = walkAccessibly(page)
    const checked: string[] = []
    const check = async (name: string) => {
      checked.push(name)
      await checkPage(name)
    }

    await page.goto(server.url)
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    await check("sign in")
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByText("Enter your password.").waitFor()
    await check("sign in, empty")
    await page.getByRole("link", { name: "Create one" }).click()
    await page.getByRole("heading", { name: "Create your account" }).waitFor()
    await check("sign up")
    await page.getByRole("link", { name: "Report a leaked key" }).click()
    await page.getByRole("button", { name: "Report and revoke" }).click()
    await page.getByText("Paste the key.").waitFor()
    await check("leaked key, empty")
    await page.getByLabel("Leaked key").fill("a".repeat(64))
    await page.getByRole("button", { name: "Report and revoke" }).click()
    await page.getByRole("heading", { name: "Thank you" }).waitFor()
    await check("leaked key, reported")
    await signUp(page, server.url)
    await check("no keys")
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByRole("dialog").waitFor()
    await check("create")
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click()
    await page.getByText("Give the key a label.").waitFor()
    await check("create, empty")
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await createKey(
      page,
      "a label that is very long, much longer than what fits into the column of a narrow table",
    )
    await check("created")
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("not copied")
    await page.getByRole("button", { name: "Close anyway" }).click()
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await check("keys")
    await page.getByRole("link", { name: /^a label/ }).click()
    await page.locator("[data-part=event]").waitFor()
    await check("a key's page")
    await page.goBack()
    await page.getByRole("button", { name: "Actions for a label" }).click()
    await check("menu")
    await page.getByRole("menuitem", { name: "Revoke" }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("revoke")
    await page.getByRole("button", { name: "Revoke key" }).click()
    await page.getByText("was revoked.").first().waitFor()
    await check("revoked, with a toast")
    await page.getByLabel("Search by label or start").fill("no such label")
    await page.getByText("No key’s label contains").waitFor()
    await check("no match")
    await page.getByRole("link", { name: "Activity" }).click()
    await page.getByText("Revoked the key “a label that is very long").waitFor()
    await check("activity")
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByText("This session").waitFor()
    await check("account")
    await page.getByRole("button", { name: "Change password" }).click()
    await page.getByText("Choose a password of").waitFor()
    await check("account, empty")
    await page.goto(`${server.url}/no/such/page`)
    await page.getByRole("heading", { name: "Page not found" }).waitFor()
    await check("not found")
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByText("You have signed out.").waitFor()
    await check("signed out")

    expect(checked).toHaveLength(21)
    expect(messages.filter((line) => !line.startsWith("verbose: "))).toEqual([])
    await context.close()
  })

  test("administration, in both themes, wide and narrow: no axe violations, no overflow, no console messages", async () => {
    const context = await newContext(browser)
    const page = await newPage(context)
    const messages = collectMessages(page)
    const check = walkAccessibly(page)

    await signUp(page, server.url, admin)
    await createKey(page, "a label that is very long, much longer than what fits into the column of a table")
    await page.keyboard.press("Escape")
    await page.getByRole("button", { name: "Close anyway" }).click()
    const email = newCredentials().email.replace("@", `@${"long-".repeat(10)}`)
    const body = JSON.stringify({ ...newCredentials(), email })
    const headers = { "content-type": "application/json" }
    await fetch(`${server.url}/auth/register`, { method: "POST", headers, body })
    await page.getByRole("link", { name: "Admin" }).click()
    await page.getByRole("button", { name: `Disable ${email}` }).waitFor()
    await check("users")
    await page.getByRole("button", { name: `Disable ${email}` }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("disable")
    await page.getByRole("button", { name: "Disable user" }).click()
    await page.getByRole("button", { name: `Enable ${email}` }).waitFor()
    await check("disabled, with a toast")
    await page.getByRole("button", { name: `Enable ${email}` }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("enable")
    await page.getByRole("button", { name: "Cancel" }).click()
    await page.getByRole("alertdialog").waitFor({ state: "detached" })
    await page.getByRole("button", { name: `Erase ${email}` }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("erase")
    await page.getByRole("button", { name: "Cancel" }).click()
    await page.getByRole("alertdialog").waitFor({ state: "detached" })
    await page.getByLabel("Search by any part of the email").fill("nobody")
    await page.getByText("email contains “nobody”").waitFor()
    await check("no such user")
    await page.getByRole("link", { name: "Keys", exact: true }).click()
    await page.getByRole("button", { name: `of ${admin.email}` }).waitFor()
    await check("keys of all users")
    await page.getByRole("button", { name: `of ${admin.email}` }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("revoke a key of any user")
    await page.getByRole("button", { name: "Revoke key" }).click()
    await page.getByLabel("Search by start of label").fill(admin.email)
    await page.getByText("No active keys match.").waitFor()
    await check("no such key")
    await page.getByRole("link", { name: "Incident", exact: true }).click()
    await page.getByRole("button", { name: "Preview" }).click()
    await page.getByText("Fill in at least one condition.").waitFor()
    await check("incident, empty")
    await page.getByLabel("Issuer").fill("latchkey")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: /match/ }).waitFor()
    await check("incident, preview")
    await page.getByRole("link", { name: "Import", exact: true }).click()
    await page.getByText("No keys have been imported.").waitFor()
    await check("import")

    expect(messages.filter((line) => !line.startsWith("verbose: "))).toEqual([])
    await context.close()
  })

  test("the theme switch overrides the system theme, even after a reload, and can restore it", async () => {
    const context = await newContext(browser, { colorScheme: "light" })
    const page = await newPage(context)
    await page.goto(server.url)
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await background()

    await page.getByLabel("Dark theme").check()
    const dark = await background()
    expect(dark).not.toBe(light)
    await page.reload()
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    await expect.poll(background).toBe(dark)
    await page.getByLabel("System theme").check()
    await expect.poll(background).toBe(light)
    await context.close()
  })
})
