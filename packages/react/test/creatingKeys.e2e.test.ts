import type { ApiKeyPage } from "@latchkey/sdk"
import { gate, runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("keys that are being created", () => {
  const settings = useSettingsPage()

  test.each(["create", "rotate"])(
    "a dialog stays open until the response to %s shows the key",
    async (name) => {
      const { host, page, problems, createKey, button, choose, row } = settings.current
      await createKey("first")
      await page.goto(host.url)
      await row("first").waitFor()
      const [requested, answer] = [gate(), gate()]
      await page.route(`**/trpc/apiKeys.${name}*`, async (route) => {
        requested.open()
        await answer.opened
        await route.continue()
      })
      if (name === "rotate") {
        await choose("first", "Rotate")
        await button("Rotate key").click()
      } else {
        await button("Create key").click()
        await page.getByRole("textbox", { name: "Label" }).fill("second")
        await page.keyboard.press("Enter")
      }
      await requested.opened

      await page.keyboard.press("Escape")
      await button("Cancel").dispatchEvent("click")
      await button("Close").click()
      answer.open()

      await page.locator("[data-part=key]").waitFor()
      await button("Copy the API key").click()
      await button("Done").click()
      await page.getByRole("dialog").waitFor({ state: "detached" })
      expect(problems).toEqual([])
    },
  )

  test("a page that the browser has kept does not show the key again", async () => {
    const { host, page, button } = settings.current
    await page.goto(host.url)
    await button("Create key").click()
    await page.getByRole("textbox", { name: "Label" }).fill("left")
    await page.keyboard.press("Enter")
    await page.locator("[data-part=key]").waitFor()
    // The headless shell keeps no pages. What is visible when the event has been handled is what the page would show.
    const isVisible = await page.evaluate(() => {
      dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))
      return document.querySelector("[data-part=key]")?.checkVisibility() ?? false
    })
    expect(isVisible).toBe(false)
    await page.locator("[data-part=key]").waitFor({ state: "detached" })
    await page.getByRole("row", { name: "left" }).waitFor()
  })

  test("without a response, the user is told that the key may exist, and the list shows it", async () => {
    const { host, page, button, row } = settings.current
    await page.goto(host.url)
    await page.getByText("Create your first key").waitFor()
    await page.route("**/trpc/apiKeys.create*", async (route) => {
      await route.fetch()
      await route.abort()
    })
    await button("Create key").click()
    await page.getByRole("textbox", { name: "Label" }).fill("lost")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").filter({ hasText: "The new key may have been created anyway." }).waitFor()
    await page.unroute("**/trpc/apiKeys.create*")
    await button("Cancel").click()
    await row("lost").waitFor()
  })

  test("a refusal does not say that a key may exist", async () => {
    const { host, page, button } = settings.current
    await page.goto(host.url)
    await page.getByText("Create your first key").waitFor()
    await button("Create key").click()
    await page.getByRole("textbox", { name: "Label" }).fill("refused")
    await page.getByText("More", { exact: true }).click()
    await page.getByLabel("IP addresses").fill("nowhere")
    await page.getByRole("textbox", { name: "Label" }).press("Enter")
    await page.locator("[data-part=field-error]").waitFor()
    await expect.poll(() => page.getByText("may exist").count()).toBe(0)
  })

  test("a form that is submitted several times at once creates one key", async () => {
    const { host, page, button, call } = settings.current
    await page.goto(host.url)
    await page.getByText("Create your first key").waitFor()
    await button("Create key").click()
    await page.getByRole("textbox", { name: "Label" }).fill("once")
    await page.locator("dialog form").evaluate((form: HTMLFormElement) => {
      for (let n = 0; n < 3; n++) form.requestSubmit()
    })
    await page.locator("[data-part=key]").waitFor()
    expect((await call<ApiKeyPage>("GET", "/apikeys")).items).toHaveLength(1)
  })

  test("a notice about the keys of one organization is not shown to another", async () => {
    const { host, page, createKey, choose, button, row, organization, of } = settings.current
    await createKey("ours")
    await of("org_next").createKey("theirs")
    await page.goto(`${host.url}/?organization=${organization}`)
    await page.route("**/trpc/apiKeys.revoke*", (route) => route.abort())
    await choose("ours", "Revoke")
    await button("Revoke key").click()
    await page.getByText("“ours” could not be revoked.").first().waitFor()
    await page.evaluate(() => dispatchEvent(new CustomEvent("organization", { detail: "org_next" })))
    await row("theirs").first().waitFor()
    await expect.poll(() => page.getByText("“ours”").count()).toBe(0)
  })
})
