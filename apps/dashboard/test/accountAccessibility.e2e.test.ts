import { freePort, runsBrowserTests } from "@latchkey/test-postgres"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { walkAccessibly } from "../../../packages/react/test/expectAccessible.ts"
import { startMailServer } from "../../standalone/test/accounts/startMailServer.ts"
import { codeOf, wrongCodeOf } from "./authenticator.ts"
import {
  collectMessages,
  launchChromium,
  newContext,
  newCredentials,
  newPage,
  signIn,
  signOut,
  signUp,
  startBuiltServer,
} from "./browser.ts"

describe.runIf(runsBrowserTests())("every page and dialog around an account", () => {
  const admin = newCredentials()
  let mail: Awaited<ReturnType<typeof startMailServer>>
  let server: Awaited<ReturnType<typeof startBuiltServer>>
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
    mail = await startMailServer()
    const port = await freePort()
    server = await startBuiltServer(inject("postgresUrl"), {
      ...mail.variables,
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      ADMIN_EMAILS: admin.email,
    })
  })
  afterAll(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
    await mail[Symbol.asyncDispose]()
  })

  async function openPage() {
    const context = await newContext(browser, {
      permissions: ["clipboard-read", "clipboard-write"],
    })
    const page = await newPage(context)
    const messages = collectMessages(page)
    return {
      page,
      check: walkAccessibly(page),
      async [Symbol.asyncDispose]() {
        await context.close()
        // Browsers report every refusal, such as that of a wrong code.
        expect(messages.filter((line) => !/^verbose: |status of 40[13]/.test(line))).toEqual([])
      },
    }
  }

  test("the second factor", async () => {
    await using opened = await openPage()
    const { page, check } = opened
    const { email, password } = await signUp(page, server.url)
    await page.request.post(`${server.url}/auth/login`, { data: { email, password } })
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByRole("button", { name: "Sign out everywhere else" }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("sign out everywhere else")
    await cancel(page)

    await page.getByRole("button", { name: "Set up" }).click()
    const currentPassword = page.getByRole("alertdialog").getByLabel("Current password", { exact: true })
    await currentPassword.press("Enter")
    await page.getByRole("alertdialog").getByText("Enter your current password.").waitFor()
    await check("set up, without the password")
    await currentPassword.fill(password)
    await currentPassword.press("Enter")
    await page.getByRole("img", { name: "QR code with the secret" }).waitFor()
    await check("the QR code")
    await page.getByRole("button", { name: "Copy the secret" }).click()
    await page.getByText("Copied the secret").waitFor({ state: "attached" })
    const secret = await page.evaluate(() => navigator.clipboard.readText())
    const code = page.getByLabel("Code", { exact: true })
    await code.fill(wrongCodeOf(secret))
    await code.press("Enter")
    await page.getByText("The code is wrong.").waitFor()
    await check("a wrong code")
    await code.fill(codeOf(secret))
    await code.press("Enter")
    await page.getByRole("heading", { name: "Save your recovery codes" }).waitFor()
    await check("the recovery codes")
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("Close without the codes?").waitFor()
    await check("without the codes?")
    await page.getByRole("button", { name: "Close anyway" }).click()
    await page.getByText("10 recovery codes are left.").waitFor()
    await check("the second factor is on")

    await page.getByRole("button", { name: "New recovery codes" }).click()
    await page.getByRole("alertdialog").waitFor()
    await check("new recovery codes")
    await cancel(page)
    await page.getByRole("button", { name: "Turn off" }).click()
    await page.getByRole("button", { name: "Use a recovery code instead" }).click()
    await page.getByLabel("Recovery code").press("Enter")
    await page.getByText("Enter one of your recovery codes.").waitFor()
    await check("turn off, without a code")
    await cancel(page)

    await signOut(page)
    await signIn(page, { email, password })
    await code.waitFor()
    await check("a code to sign in")
    await code.press("Enter")
    await page.getByText("Enter the code from your authenticator app.").waitFor()
    await check("no code to sign in")
  })

  test("links by mail", async () => {
    await using opened = await openPage()
    const { page, check } = opened
    const { email } = await signUp(page, server.url)
    const verification = await mail.tokenFor(email)
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByRole("button", { name: "Send a new link" }).waitFor()
    await check("an unverified email")
    await page.goto(`${server.url}/verify-email#token=${verification}`)
    await page.getByRole("button", { name: "Verify email" }).waitFor()
    await check("verify the email")
    await page.getByRole("button", { name: "Verify email" }).click()
    await page.getByRole("heading", { name: "Your email is verified" }).waitFor()
    await check("verified")
    await page.goto(server.url)
    await signOut(page)
    await page.getByRole("link", { name: "Forgot your password?" }).click()
    await page.getByRole("button", { name: "Send link" }).click()
    await page.getByText("Enter your email address.").waitFor()
    await check("forgotten password, empty")
    await page.getByLabel("Email").fill(email)
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Check your inbox" }).waitFor()
    await check("check your inbox")
    await page.goto(`${server.url}/reset-password#token=${await mail.tokenFor(email, 2)}`)
    await page.getByRole("button", { name: "Set password" }).click()
    await page.getByText("Choose a password of").waitFor()
    await check("set a new password, empty")
    await page.getByLabel("New password", { exact: true }).fill(newCredentials().password)
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Your password is set" }).waitFor()
    await check("the password is set")
    await page.goto(`${server.url}/reset-password`)
    await page.getByRole("heading", { name: "Open your link again" }).waitFor()
    await check("no link")
  })

  test("an administrator verifies the email first, and helps a user to sign in", async () => {
    await using opened = await openPage()
    const { page, check } = opened
    const user = newCredentials()
    await page.request.post(`${server.url}/auth/register`, { data: user })
    await signUp(page, server.url, admin)
    const adminTab = page.getByRole("link", { name: "Admin" })
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByRole("button", { name: "Send a new link" }).waitFor()
    await expect.poll(() => adminTab.count()).toBe(0)

    const token = await mail.tokenFor(admin.email)
    await signOut(page)
    await page.goto(`${server.url}/verify-email#token=${token}`)
    await page.getByRole("button", { name: "Verify email" }).click()
    await page
      .getByRole("alert")
      .getByText(/sign in/i)
      .waitFor()
    await check("an administrator's email, signed out")
    await page.goto(server.url)
    await signIn(page, admin)
    await page.getByRole("heading", { name: "Create your first key" }).waitFor()
    await page.goto(`${server.url}/verify-email#token=${token}`)
    await page.getByRole("button", { name: "Verify email" }).click()
    await page.getByRole("heading", { name: "Your email is verified" }).waitFor()
    await page.getByRole("link", { name: "Continue" }).click()
    await adminTab.click()

    await page.getByLabel("Search by any part of the email").fill(user.email)
    // The list is loaded again, which would close a row's dialog.
    await page.getByRole("row", { name: admin.email }).waitFor({ state: "detached" })
    const help = page.getByRole("button", { name: `Sign-in of ${user.email}` })
    await help.click()
    await page.getByRole("button", { name: "Create a link to set the password" }).waitFor()
    await expect.poll(() => page.getByRole("button", { name: "Remove the second factor" }).count()).toBe(0)
    await check("help to sign in")
    await page.getByRole("button", { name: "Create a link to set the password" }).click()
    await check("create a link?")
    await page.getByRole("button", { name: "Create link" }).click()
    await page.getByRole("button", { name: "Copy the link" }).waitFor()
    await check("the link")
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("Close without copying the link?").waitFor()
    await check("without the link?")
    await page.getByRole("button", { name: "Back to the link" }).click()
    await page.getByRole("button", { name: "Copy the link" }).click()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("alertdialog").waitFor({ state: "detached" })
  })
})

async function cancel(page: Page) {
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click()
  await page.getByRole("alertdialog").waitFor({ state: "detached" })
}
