import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("React's versions, and other languages", () => {
  const settings = useSettingsPage()

  test.each(["18", "19"])(
    "React %s hydrates what a server has rendered, without a warning",
    async (version) => {
      const { host, page, problems, createKey, row, choose } = settings.current
      await createKey("hydrated")
      await page.goto(`${host.url}/?ssr&react=${version}`)
      await row("hydrated").waitFor()
      await choose("hydrated", "Rename")
      await page.getByRole("textbox", { name: "Label" }).fill("renamed")
      await page.keyboard.press("Enter")
      await page.getByText("“renamed” was changed.").first().waitFor()
      expect(problems).toEqual([])
    },
  )

  test("every text can be replaced, and laid out from right to left", async () => {
    const { host, page, createKey } = settings.current
    const { id } = await createKey("1", { expiresAt: new Date(Date.now() + 86_400_000) })
    await createKey("2", { scopes: [] })
    const latin = () =>
      page.evaluate(() => {
        const root = document.querySelector<HTMLElement>("[data-latchkey]")
        for (const code of root?.querySelectorAll("code, pre") ?? []) code.remove()
        const names = [...(root?.querySelectorAll("[aria-label], [placeholder]") ?? [])].map(
          (element) => element.getAttribute("aria-label") ?? element.getAttribute("placeholder"),
        )
        // biome-ignore lint/performance/useDomNodeTextContent: only what is visible
        return [root?.innerText ?? "", ...names].join("\n").match(/[a-z]{3,}/gi) ?? []
      })
    await page.goto(`${host.url}/?pseudo&dir=rtl`)
    await page.getByRole("row").nth(2).waitFor()
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
    await expect.poll(latin).toEqual([])
    await page.reload()
    await page.getByRole("row").nth(2).waitFor()
    await page.locator("[data-kind=primary]").click()
    await page.locator("[data-part=more] summary").click()
    // The names of scopes, their descriptions and an address are the product's own.
    const own = /^(reports|read|write|See|all|Publish|and|delete)$/
    expect((await latin()).filter((word) => !own.test(word))).toEqual([])
    await page.goto(`${host.url}/?pseudo&dir=rtl&again#key=${id}`)
    await page.locator("[data-part=event]").waitFor()
    expect((await latin()).filter((word) => !/^(user|Node|LATCHKEY|API|KEY)$/.test(word))).toEqual([])
  })

  test("in a shadow root, menus can be used by keyboard, and dialogs restore the focus", async () => {
    const { host, page, createKey, button } = settings.current
    await createKey("in the shadow")
    const focused = () =>
      page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent?.trim())
    await page.goto(`${host.url}/?shadow`)
    await button("Actions for in the shadow").click()
    await expect.poll(focused).toBe("Rotate")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect.poll(focused).toBe("Edit")
    await page.keyboard.press("Escape")
    await button("Create key").click()
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await expect.poll(focused).toBe("Create key")
  })

  test("a label can't change how the rest of a sentence is displayed", async () => {
    const { host, page, createKey, button } = settings.current
    await createKey("first \u2069\u202ehtruof")
    await page.goto(host.url)
    await button("Actions for first htruof").click()
    await page.getByRole("menuitem", { name: "Revoke" }).click()
    const dialog = page.getByRole("alertdialog")
    await expect.poll(() => dialog.getByRole("heading").textContent()).toBe("Revoke “first htruof”?")
    await dialog.getByRole("button", { name: "Revoke key" }).click()
    await page.getByRole("status").filter({ hasText: "“first htruof” was revoked." }).waitFor()
  })
})
