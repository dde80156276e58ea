import { gate, runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("a page whose user changes", () => {
  const settings = useSettingsPage()

  test("after the user has signed out, it shows nothing of theirs", async () => {
    const { host, context, page, createKey, choose } = settings.current
    await createKey("private")
    await page.goto(host.url)
    await choose("private", "Rename")
    await page.getByRole("dialog").waitFor()

    await context.clearCookies()

    await page.getByText("Your session has ended. Sign in again.").waitFor()
    await page.getByRole("dialog").waitFor({ state: "detached" })
    expect(await page.content()).not.toContain("private")
  })

  test("when the browser shows it again, it shows nothing until it knows who is signed in", async () => {
    const { host, context, page, createKey, row, choose } = settings.current
    await createKey("private")
    await page.goto(host.url)
    await choose("private", "Rename")
    await page.getByRole("dialog").waitFor()
    const answer = gate()
    await page.route("**/trpc/**", async (route) => {
      await answer.opened
      await route.continue()
    })
    // The headless shell keeps no pages, so this only tells the page that it was kept.
    const restore = () =>
      page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })))

    await restore()
    await page.getByRole("dialog").waitFor({ state: "detached" })
    expect(await page.content()).not.toContain("private")
    answer.open()
    await row("private").waitFor()

    await context.clearCookies()
    await restore()
    await page.getByText("Your session has ended. Sign in again.").waitFor()
    expect(await page.content()).not.toContain("private")
  })

  test("a new key is not shown to another member of the organization, who may only see keys", async () => {
    const { host, page, button, row, signIn } = settings.current
    await page.goto(host.url)
    await button("Create your first key").or(button("Create key")).first().click()
    await page.getByRole("textbox", { name: "Label" }).fill("shared")
    await page.keyboard.press("Enter")
    await page.locator("[data-part=key]").waitFor()

    await signIn("user_9 read")

    await page.getByText("You can see these keys, but not change them.").waitFor()
    await row("shared").waitFor()
    await expect.poll(() => page.locator("[data-part=key]").count()).toBe(0)
  })
})
