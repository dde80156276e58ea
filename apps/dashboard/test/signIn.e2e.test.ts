import { gate, runsBrowserTests } from "@latchkey/test-postgres"
import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { expectAccessible } from "../../../packages/react/test/expectAccessible.ts"
import { codeOf, wrongCodeOf } from "./authenticator.ts"
import { collectMessages, newContext, newCredentials, newPage, signIn, signOut, signUp } from "./browser.ts"
import { useBrowser, useContext } from "./useBrowser.ts"

const permissions = ["clipboard-read", "clipboard-write"]

describe.runIf(runsBrowserTests())("the second factor in the browser", () => {
  const admin = newCredentials()
  const used = useBrowser({ ADMIN_EMAILS: admin.email, ADMIN_SECOND_FACTOR: "required" })
  const opened = useContext(used, { permissions })

  const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

  /** Sets up the second factor on the account page with the app's current code, so that sign-ins need the next one. */
  async function setUp(page: Page, password: string) {
    await page.getByRole("button", { name: "Set up" }).click()
    await page.getByRole("alertdialog").getByLabel("Current password", { exact: true }).fill(password)
    await page.keyboard.press("Enter")
    await page.getByRole("img", { name: "QR code with the secret" }).waitFor()
    await expectAccessible(page)
    await page.getByRole("button", { name: "Copy the secret" }).click()
    await page.getByText("Copied the secret").waitFor({ state: "attached" })
    const secret = await copied(page)
    await page.getByLabel("Code", { exact: true }).fill(codeOf(secret))
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Save your recovery codes" }).waitFor()
    const codes = await page
      .getByRole("list", { name: "Recovery codes" })
      .getByRole("listitem")
      .allTextContents()
    return { secret, codes }
  }

  test("with a second factor, signing in takes a code from the app or a recovery code; without one, only the password", async () => {
    const page = await newPage(opened.context)
    await page.setViewportSize({ width: 320, height: 800 })
    await page.emulateMedia({ colorScheme: "dark" })
    const messages = collectMessages(page)
    const credentials = await signUp(page, used.server.url)
    await page.getByRole("link", { name: "Account" }).click()
    const { secret, codes } = await setUp(page, credentials.password)
    expect(codes).toHaveLength(10)
    await expectAccessible(page)

    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("Close without the codes?").waitFor()
    await page.getByRole("button", { name: "Back to the codes" }).click()
    const download = page.waitForEvent("download")
    await page.getByRole("button", { name: "Download the recovery codes" }).click()
    expect((await download).suggestedFilename()).toBe("recovery-codes.txt")
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("10 recovery codes are left.").waitFor()
    await expectFocus(page, "Second factor")

    await signOut(page)
    await signIn(page, credentials)
    const code = page.getByLabel("Code", { exact: true })
    await code.waitFor()
    await expect.poll(() => code.evaluate((input) => input === document.activeElement)).toBe(true)
    await expectAccessible(page)
    await page.keyboard.press("Enter")
    await page.getByText("Enter the code from your authenticator app.").waitFor()
    await code.fill(wrongCodeOf(secret))
    await page.keyboard.press("Enter")
    await page.getByText("The code is wrong.").waitFor()
    const right = codeOf(secret, 1)
    await code.fill(`${right.slice(0, 3)} ${right.slice(3)}`)
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Account" }).waitFor()

    await signOut(page)
    await signIn(page, credentials)
    await page.getByRole("button", { name: "Use a recovery code instead" }).click()
    await page.getByLabel("Recovery code").fill(codes[0]?.toUpperCase() ?? "")
    await page.keyboard.press("Enter")
    await page.getByText("9 recovery codes are left.").waitFor()

    await page.getByRole("button", { name: "New recovery codes" }).click()
    await confirm(page, credentials.password, codes[1])
    await page.getByRole("button", { name: "Create new codes" }).click()
    await page.getByRole("button", { name: "Copy the recovery codes" }).click()
    await page.getByText("Copied the recovery codes").waitFor({ state: "attached" })
    const renewed = (await copied(page)).split("\n")
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("10 recovery codes are left.").waitFor()

    await page.getByRole("button", { name: "Turn off" }).click()
    await confirm(page, credentials.password, codes[2])
    await page.getByRole("alertdialog").getByRole("button", { name: "Turn off" }).click()
    await page.getByText("The code is wrong.").waitFor()
    await page.getByLabel("Recovery code").fill(renewed[0] ?? "")
    await page.getByRole("alertdialog").getByRole("button", { name: "Turn off" }).click()
    await page.getByRole("button", { name: "Set up" }).waitFor()
    await signOut(page)
    await signIn(page, credentials)
    await page.getByRole("heading", { name: "Account" }).waitFor()
    expect(messages.filter((line) => !line.startsWith("verbose: ") && !line.includes("401"))).toEqual([])
  })

  test("the dialog stays open until the response with the recovery codes arrives", async () => {
    const page = await newPage(opened.context)
    const { password } = await signUp(page, used.server.url)
    await page.getByRole("link", { name: "Account" }).click()
    const [begun, resumed] = [gate(), gate()]
    await page.route("**/trpc/secondFactor.confirm*", async (route) => {
      begun.open()
      await resumed.opened
      await route.continue()
    })
    const done = setUp(page, password)
    await begun.opened
    await page.keyboard.press("Escape")
    await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click({ force: true })
    resumed.open()
    expect((await done).codes).toHaveLength(10)
  })

  test("after too many wrong codes, the sign-in starts over and says why", async () => {
    const page = await newPage(opened.context)
    const credentials = await signUp(page, used.server.url)
    await page.getByRole("link", { name: "Account" }).click()
    const { secret } = await setUp(page, credentials.password)
    await page.getByRole("button", { name: "Copy the recovery codes" }).click()
    await page.getByRole("button", { name: "Done" }).click()
    await signOut(page)
    await signIn(page, credentials)
    const code = page.getByLabel("Code", { exact: true })
    const isOver = page.getByText("Sign in again.")
    for (let n = 0; n < 6; n++) {
      await code.fill(wrongCodeOf(secret))
      const response = page.waitForResponse("**/trpc/auth.login*")
      await page.keyboard.press("Enter")
      await response
      await page.locator("[aria-busy=true]").waitFor({ state: "detached" })
    }
    await isOver.waitFor()
    await signIn(page, credentials)
    await code.fill(codeOf(secret, 1))
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Account" }).waitFor()
  })

  test("an administrator without a second factor is told to set it up, and can then create a link that sets a user's password, and remove a second factor", async () => {
    const userContext = await newContext(used.browser, { permissions })
    const userPage = await newPage(userContext)
    const user = await signUp(userPage, used.server.url)
    await userPage.getByRole("button", { name: "Sign out", exact: true }).click()
    await userPage.getByText("An administrator can create a link for you").waitFor()

    const page = await newPage(opened.context)
    await signUp(page, used.server.url, admin)
    await page.getByRole("link", { name: "Admin" }).click()
    await page.getByRole("heading", { name: "Set up a second factor first" }).waitFor()
    await expectAccessible(page)
    await page.getByRole("link", { name: "Go to your account" }).click()
    await page.getByText("Administrators need a second factor here.").waitFor()
    await setUp(page, admin.password)
    await page.getByRole("button", { name: "Copy the recovery codes" }).click()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("10 recovery codes are left.").waitFor()
    await page.getByRole("link", { name: "Admin" }).click()

    const row = page.getByRole("row", { name: user.email })
    await row.getByRole("button", { name: "Sign-in of" }).click()
    await page.getByRole("button", { name: "Create a link to set the password" }).click()
    await page.getByRole("button", { name: "Create link" }).click()
    await page.getByRole("button", { name: "Copy the link" }).click()
    await page.getByText("Copied the link").waitFor({ state: "attached" })
    const link = await copied(page)
    await expectAccessible(page)
    await page.getByRole("button", { name: "Done" }).click()

    const requested: string[] = []
    userPage.on("request", (request) => requested.push(request.url()))
    await userPage.goto(link)
    await userPage.getByRole("heading", { name: "Set a new password" }).waitFor()
    await expect.poll(() => userPage.url()).toBe(`${used.server.url}/reset-password`)
    await expectAccessible(userPage)
    const password = userPage.getByLabel("New password", { exact: true })
    await password.fill("short")
    await userPage.keyboard.press("Enter")
    await userPage.getByText("Use at least 12 characters.").waitFor()
    const { password: newPassword } = newCredentials()
    await password.fill(newPassword)
    await userPage.keyboard.press("Enter")
    await userPage.getByRole("heading", { name: "Your password is set" }).waitFor()
    await userPage.getByRole("link", { name: "Go to sign-in" }).click()
    await signIn(userPage, user)
    await userPage.getByText("Wrong email or password.").waitFor()
    await signIn(userPage, { ...user, password: newPassword })
    await userPage.getByRole("heading", { name: "Create your first key" }).waitFor()

    await userPage.getByRole("link", { name: "Account" }).click()
    await setUp(userPage, newPassword)
    await row.getByRole("button", { name: "Sign-in of" }).click()
    await page.getByRole("button", { name: "Remove the second factor" }).click()
    await expectAccessible(page)
    await page.getByRole("button", { name: "Remove second factor" }).click()
    await page
      .getByText(/^The second factor of .* was removed\.$/)
      .first()
      .waitFor()
    await userPage.getByRole("button", { name: "Copy the recovery codes" }).click()
    await userPage.reload()
    await userPage.getByText("Your session has ended.").waitFor()
    await signIn(userPage, { ...user, password: newPassword })
    await userPage.getByRole("button", { name: "Set up" }).waitFor()

    await userPage.goto(link)
    await password.fill(newPassword)
    await userPage.keyboard.press("Enter")
    await userPage.getByRole("heading", { name: "This link no longer works" }).waitFor()
    await expectAccessible(userPage)
    await userPage.reload()
    await userPage.getByRole("heading", { name: "Open your link again" }).waitFor()
    const token = link.split("token=")[1] ?? ""
    expect(requested.filter((url) => url.includes(token))).toEqual([])
    await userContext.close()
  })
})

/** Fills in the password and a recovery code in the dialog. */
async function confirm(page: Page, password: string, code = "") {
  const dialog = page.getByRole("alertdialog")
  await dialog.getByLabel("Current password", { exact: true }).fill(password)
  await dialog.getByRole("button", { name: "Use a recovery code instead" }).click()
  await dialog.getByLabel("Recovery code").fill(code)
}

/** Waits until the heading with this text has the focus. */
const expectFocus = (page: Page, heading: string) =>
  page.waitForFunction((text) => document.activeElement?.textContent === text, heading)
