import { runsBrowserTests } from "@latchkey/test-postgres"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import {
  collectMessages,
  createKey,
  findViolations,
  launchChromium,
  newCredentials,
  newPage,
  signUp,
  startBuiltServer,
} from "./browser.ts"

describe.runIf(runsBrowserTests())("every page and dialog", () => {
  let server: Awaited<ReturnType<typeof startBuiltServer>>
  let browser: Browser
  const admins = {
    "light 1440": newCredentials(),
    "dark 1440": newCredentials(),
    "light 320": newCredentials(),
    "dark 320": newCredentials(),
  }
  beforeAll(async () => {
    browser = await launchChromium()
    const ADMIN_EMAILS = Object.values(admins).map(({ email }) => email)
    server = await startBuiltServer(inject("postgresUrl"), { ADMIN_EMAILS: ADMIN_EMAILS.join() })
  })
  afterAll(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })

  test.each([
    ["light", 1440],
    ["dark", 1440],
    ["light", 320],
    ["dark", 320],
  ] as const)(
    "%s at %i px: no axe violations, no overflow, no console messages",
    async (theme, width) => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: theme })
      const page = await newPage(context)
      const messages = collectMessages(page)
      const checked: string[] = []
      async function check(name: string) {
        checked.push(name)
        expect(await findViolations(page), name).toEqual([])
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0)
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
      await page.getByRole("button", { name: /^Revoke/ }).click()
      await page.getByRole("alertdialog").waitFor()
      await check("revoke")
      await page.getByRole("button", { name: "Revoke key" }).click()
      await page.getByText("was revoked.").first().waitFor()
      await check("revoked, with a toast")
      await page.getByLabel("Search by label").fill("no such label")
      await page.getByText("in its label").waitFor()
      await check("no match")
      await page.getByRole("link", { name: "Activity" }).click()
      await page.getByText("Revoked the key “a label that is very long").waitFor()
      await check("activity")
      await page.getByRole("link", { name: "Account" }).click()
      await page.getByText("This session").waitFor()
      await check("account")
      await page.getByRole("button", { name: "Change password" }).click()
      await page.getByText("Choose a password.").waitFor()
      await check("account, empty")
      await page.goto(`${server.url}/no/such/page`)
      await page.getByRole("heading", { name: "Page not found" }).waitFor()
      await check("not found")
      await page.getByRole("button", { name: "Sign out" }).click()
      await page.getByText("You have signed out.").waitFor()
      await check("signed out")

      expect(checked).toHaveLength(17)
      expect(messages.filter((line) => !line.startsWith("verbose: "))).toEqual([])
      await context.close()
    },
    60_000,
  )

  test.each([
    ["light", 1440],
    ["dark", 1440],
    ["light", 320],
    ["dark", 320],
  ] as const)(
    "administration, %s at %i px: no axe violations, no overflow, no console messages",
    async (theme, width) => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: theme })
      const page = await newPage(context)
      const messages = collectMessages(page)
      async function check(name: string) {
        expect(await findViolations(page), name).toEqual([])
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0)
      }

      const own = admins[`${theme} ${width}`]
      await signUp(page, server.url, own)
      await createKey(
        page,
        "a label that is very long, much longer than what fits into the column of a table",
      )
      await page.keyboard.press("Escape")
      await page.getByRole("button", { name: "Close anyway" }).click()
      const email = `${theme}-${width}-${newCredentials().email.replace("@", `@${"long-".repeat(9)}`)}`
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
      await page.getByLabel("Search by start of email").fill("nobody")
      await page.getByText("email starts with “nobody”").waitFor()
      await check("no such user")
      await page.getByRole("link", { name: "Keys", exact: true }).click()
      await page.getByRole("button", { name: `of ${own.email}` }).waitFor()
      await check("keys of all users")
      await page.getByRole("button", { name: `of ${own.email}` }).click()
      await page.getByRole("alertdialog").waitFor()
      await check("revoke a key of any user")
      await page.getByRole("button", { name: "Revoke key" }).click()
      await page.getByLabel("Search by start of label").fill(own.email)
      await page.getByText("No active keys match.").waitFor()
      await check("no such key")

      expect(messages.filter((line) => !line.startsWith("verbose: "))).toEqual([])
      await context.close()
    },
    60_000,
  )

  test("the theme switch overrides the system theme, also after a reload, and can restore it", async () => {
    const context = await browser.newContext({ colorScheme: "light" })
    const page = await newPage(context)
    await page.goto(server.url)
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await background()

    await page.getByLabel("Dark theme").check()
    const dark = await background()
    expect(dark).not.toBe(light)
    await page.reload()
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    expect(await background()).toBe(dark)
    await page.getByLabel("System theme").check()
    expect(await background()).toBe(light)
    await context.close()
  })
})
