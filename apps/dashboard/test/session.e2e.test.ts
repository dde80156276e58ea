import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, inject, test } from "vitest"
import {
  chooseAction,
  newContext,
  newCredentials,
  newPage,
  signIn,
  signUp,
  startBuiltServer,
} from "./browser.ts"
import { useBrowser, useContext } from "./useBrowser.ts"

describe.runIf(runsBrowserTests())("sessions in the browser", () => {
  const used = useBrowser()
  const opened = useContext(used)

  test("reloads, even repeated ones before the page has loaded, keep the user signed in", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    for (let n = 0; n < 5; n++) await page.reload({ waitUntil: "commit" }).catch(ignoreDetachedPage)
    await page.getByRole("heading", { name: "API keys" }).waitFor()
    await page.reload()
    await page.getByRole("heading", { name: "API keys" }).waitFor()
  })

  test("two tabs that refresh concurrently stay signed in, and signing out in one signs out both", async () => {
    const [one, other] = [await newPage(opened.context), await newPage(opened.context)]
    await signUp(one, used.server.url)
    await other.goto(`${used.server.url}/account`)
    await other.getByText("This session").waitFor()
    for (let n = 0; n < 3; n++) await Promise.all([one.reload(), other.reload()])
    await other.getByText("This session").waitFor()
    await one.getByRole("heading", { name: "API keys" }).waitFor()

    await one.getByRole("button", { name: "Sign out" }).click()

    for (const page of [one, other]) await page.getByText("You have signed out.").waitFor()
    expect(await opened.context.cookies()).toEqual([])
    await other.reload()
    await other.getByRole("heading", { name: "Sign in" }).waitFor()
  })

  test("a page whose script can't be loaded says so, and does not affect other pages", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await page.route("**/assets/AccountPage-*", (route) => route.abort())
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByRole("heading", { name: "This page could not be shown" }).waitFor()
    await page.getByRole("link", { name: "Activity" }).click()
    await page.getByText("Created the account").waitFor()
    await page.getByRole("link", { name: "Account" }).click()
    await page.unroute("**/assets/AccountPage-*")
    await page.getByRole("button", { name: "Reload" }).click()
    await page.getByText("This session").waitFor()
  })

  test("a session that was ended elsewhere disappears as soon as the list comes into view again", async () => {
    const page = await newPage(opened.context)
    const credentials = await signUp(page, used.server.url)
    const elsewhere = await newPage(await newContext(used.browser))
    await elsewhere.goto(used.server.url)
    await signIn(elsewhere, credentials)
    await elsewhere.getByRole("heading", { name: "API keys" }).waitFor()
    await page.getByRole("link", { name: "Account" }).click()
    const endOthers = page.getByRole("button", { name: "Sign out everywhere else" })
    await endOthers.waitFor()
    await elsewhere.getByRole("button", { name: "Sign out" }).click()
    await elsewhere.getByText("You have signed out.").waitFor()
    await elsewhere.context().close()

    await page.getByRole("link", { name: "API keys" }).click()
    await page.getByRole("link", { name: "Account" }).click()

    await endOthers.waitFor({ state: "detached", timeout: 10_000 })
  })

  test("after the session was ended elsewhere, the page says so and continues in place after signing in", async () => {
    const page = await newPage(opened.context)
    const credentials = await signUp(page, used.server.url)
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByText("This session").waitFor()
    const elsewhere = await newPage(await newContext(used.browser))
    await elsewhere.goto(`${used.server.url}/account`)
    await signIn(elsewhere, credentials)
    await elsewhere
      .getByText(/^Last used .* from 127\.0\.0\.1$/)
      .first()
      .waitFor()
    await elsewhere.getByRole("button", { name: "Sign out everywhere else" }).click()
    await elsewhere.getByText("One other session ends immediately.").waitFor()
    await elsewhere.getByRole("alertdialog").getByRole("button", { name: "Sign out everywhere else" }).click()
    await elsewhere.getByText("You are signed out everywhere else.").first().waitFor()
    await elsewhere.context().close()

    await page.reload()
    await page.getByText("Your session has ended.").waitFor()
    await signIn(page, credentials)

    await page.getByText("This session").waitFor()
    await expect.poll(() => new URL(page.url()).pathname).toBe("/account")
  })

  test("in a browser that keeps no secure cookies over plain HTTP, the page says why reloading signs out", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await opened.context.clearCookies()
    await page.reload()
    await page.getByText("your browser does not keep sessions over plain HTTP").waitFor()
  })

  test("a changed password replaces the old one, and errors are shown next to their fields", async () => {
    const page = await newPage(opened.context)
    const credentials = await signUp(page, used.server.url)
    const { password } = newCredentials()
    await page.getByRole("link", { name: "Account" }).click()
    await page.getByLabel("Current password", { exact: true }).fill("something else")
    await page.getByLabel("New password", { exact: true }).fill(password)
    await page.getByRole("button", { name: "Change password" }).click()
    await page.getByText("The current password is wrong.").waitFor()
    const current = page.getByLabel("Current password", { exact: true })
    await expect.poll(() => current.getAttribute("aria-invalid")).toBe("true")
    await current.fill(credentials.password)
    await page.getByRole("button", { name: "Change password" }).click()
    await page.getByText("Your password was changed").first().waitFor()

    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByText("You have signed out.").waitFor()
    await signIn(page, credentials)
    await page.getByText("Wrong email or password.").waitFor()
    await signIn(page, { ...credentials, password })
    await page.getByText("This session").waitFor()
  })

  test("the page reports an unreachable server, and recovers once it is back", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await page.route("**/trpc/**", (route) => route.abort())
    await page.getByText("Retrying").waitFor({ timeout: 15_000 })
    await page.reload()
    await page.getByText("Retrying").waitFor()

    await page.unroute("**/trpc/**")

    await page.getByRole("heading", { name: "API keys" }).waitFor()
    await page.getByText("Retrying").waitFor({ state: "detached" })
  })

  test("where the browser denies storage, signing in works, and a theme can be chosen", async () => {
    const page = await newPage(opened.context)
    await page.addInitScript(() => {
      const deny = () => {
        throw new DOMException("Access is denied.", "SecurityError")
      }
      Object.defineProperty(window, "localStorage", { get: deny })
      navigator.locks.request = async () => deny()
    })
    await signUp(page, used.server.url)
    await page.getByRole("radio", { name: "Dark theme" }).check({ force: true })
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark")
  })

  test("a link works on a path with two slashes, which would name another host", async () => {
    const page = await newPage(opened.context)
    await page.goto(`${used.server.url}//x/reset-password#token=${"x".repeat(43)}`)
    await page.getByRole("button", { name: "Sign in" }).waitFor()
    expect(page.url()).toBe(`${used.server.url}//x/reset-password`)
  })

  test("a failed revocation is rolled back", async () => {
    const page = await newPage(opened.context)
    await signUp(page, used.server.url)
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByRole("textbox", { name: "Label", exact: true }).fill("precious")
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: "Copy the API key" }).waitFor()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("button", { name: "Close anyway" }).click()
    const data = { code: "TOO_MANY_REQUESTS", httpStatus: 429, reason: "RATE_LIMITED", requestId: "r" }
    const rateLimited = {
      status: 429,
      headers: { "retry-after": "24" },
      json: [{ error: { json: { code: -32029, message: "Too many.", data } } }],
    }
    await page.route("**/trpc/apiKeys.revoke*", (route) => route.fulfill(rateLimited))

    await chooseAction(page, "precious", "Revoke")
    await page.getByRole("button", { name: "Revoke key" }).click()
    await page.getByText("“precious” could not be revoked.").first().waitFor()
    await page.getByRole("button", { name: "Actions for precious" }).waitFor()
  })

  test("after too many wrong passwords, the page says when to try again, with the default limits", async () => {
    await using strict = await startBuiltServer(inject("postgresUrl"), { RATE_LIMIT_FACTOR: "1" })
    const page = await newPage(opened.context)
    await page.goto(`${strict.url}/sign-in`)
    const credentials = newCredentials()
    for (let n = 0; n < 10; n++) {
      const response = page.waitForResponse("**/trpc/auth.login*")
      await signIn(page, credentials)
      expect((await response).status()).toBe(401)
      await page.getByText("Wrong email or password.").waitFor()
    }
    await signIn(page, credentials)
    await page.getByText(/Too many attempts. Try again in 1[45] minutes./).waitFor()
  })
})

/** During a navigation, there is briefly no page to reload. */
function ignoreDetachedPage(error: Error) {
  if (!error.message.includes("Not attached to an active page")) throw error
}
