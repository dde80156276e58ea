import { freePort, runsBrowserTests } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { expectAccessible } from "../../../packages/react/test/expectAccessible.ts"
import { startMailServer } from "../../standalone/test/accounts/startMailServer.ts"
import {
  launchChromium,
  newContext,
  newCredentials,
  newPage,
  signIn,
  signOut,
  signUp,
  startBuiltServer,
} from "./browser.ts"

test.runIf(runsBrowserTests())(
  "if mails are sent, one link verifies the email, and another one sets a new password",
  async () => {
    await using browser = await launchChromium()
    await using mail = await startMailServer()
    const port = await freePort()
    await using mailing = await startBuiltServer(inject("postgresUrl"), {
      ...mail.variables,
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
    })
    const page = await newPage(await newContext(browser))
    const credentials = await signUp(page, mailing.url)
    await mail.tokenFor(credentials.email)
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByRole("button", { name: "Send a new link" }).click()
    await page.getByText("A link is on its way.").waitFor()
    await expectAccessible(page)
    const verification = await mail.tokenFor(credentials.email, 2)
    await page.goto(`${mailing.url}/verify-email#token=${verification}`)
    await page.getByRole("heading", { name: "Verify your email" }).waitFor()
    await expect.poll(() => page.url()).toBe(`${mailing.url}/verify-email`)
    await expectAccessible(page)
    await page.getByRole("button", { name: "Verify email" }).click()
    await page.getByRole("heading", { name: "Your email is verified" }).waitFor()
    await page.goto(`${mailing.url}/account`)
    await page.getByRole("button", { name: "Set up" }).waitFor()
    await expect.poll(() => page.getByRole("button", { name: "Send a new link" }).count()).toBe(0)

    await signOut(page)
    await page.getByRole("link", { name: "Forgot your password?" }).click()
    await page.getByRole("button", { name: "Send link" }).click()
    await page.getByText("Enter your email address.").waitFor()
    await expectAccessible(page)
    await page.getByLabel("Email").fill(credentials.email)
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Check your inbox" }).waitFor()
    const { password } = newCredentials()
    await page.goto(`${mailing.url}/reset-password#token=${await mail.tokenFor(credentials.email, 3)}`)
    await page.getByLabel("New password", { exact: true }).fill(password)
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: "Go to sign-in" }).click()
    await signIn(page, { ...credentials, password })
    await page.getByRole("heading", { name: "Create your first key" }).waitFor()

    // In a tab that already shows the page, a link loads no new page.
    await page.goto(`${mailing.url}/reset-password`)
    await page.getByRole("heading", { name: "Open your link again" }).waitFor()
    await page.goto(`${mailing.url}/reset-password#token=${"a".repeat(43)}`)
    await page.getByLabel("New password", { exact: true }).fill(password)
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: "Ask for a new link" }).waitFor()
    await expect.poll(() => page.url()).toBe(`${mailing.url}/reset-password`)
  },
)
