import { runsBrowserTests } from "@latchkey/test-postgres"
import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { walkAccessibly } from "./expectAccessible.ts"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("every state of the keys in a product's page", () => {
  const settings = useSettingsPage()

  test("in both themes, wide and narrow: no state has axe violations, overflows, or violates the page's policy", async () => {
    const { host, context, page, problems, row, button } = settings.current
    const checkPage = walkAccessibly(page)
    const checked: string[] = []
    async function check(name: string) {
      checked.push(name)
      await checkPage(name)
    }
    await page.goto(host.url)
    await page.getByText("Create your first key").waitFor()
    await check("no keys")
    await button("Create key").click()
    await check("create")
    await page.getByLabel("Only selected scopes").check()
    await page.getByLabel("Expires").selectOption("date")
    await page.getByText("More", { exact: true }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click()
    await page.getByText("Give the key a label.").waitFor()
    await check("create, with problems")
    await page.getByLabel("Expires").selectOption("7")
    const label = "a label that is very long, much longer than what fits into the column of a narrow table"
    await page.getByRole("textbox", { name: "Label" }).fill(label)
    await page.keyboard.press("Enter")
    await page.getByText("Copy it now.").waitFor()
    await check("created")
    await page.keyboard.press("Escape")
    await page.getByText("Close without copying the key?").waitFor()
    await check("not copied")
    await button("Close anyway").click()
    await row(label).waitFor()
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await page.getByLabel(`Select ${label}`).check()
    const bar = page.locator("[data-part=bulk-bar]")
    for (const width of [1440, 320]) {
      await page.setViewportSize({ width, height: 800 })
      const parts = await Promise.all((await bar.locator("> *").all()).map((part) => part.boundingBox()))
      expect(
        parts.filter((part, index) => parts.slice(index + 1).some((other) => overlap(part, other))),
        `parts that overlap at ${width} px`,
      ).toEqual([])
    }
    await check("selected")
    await button(`Actions for ${label}`).click()
    await page.getByRole("menu").waitFor()
    await check("menu")
    await page.getByRole("menuitem", { name: "Rotate" }).click()
    await check("rotate")
    await button("Rotate key").click()
    await page.getByText("Copy it now.").waitFor()
    await button("Copy the API key").click()
    await button("Done").click()
    await page.getByText(/^Replaced, ends/).waitFor()
    await check("two keys")
    await button(`Actions for ${label}`).first().click()
    await page.getByRole("menuitem", { name: "Edit" }).click()
    await check("edit")
    await page.keyboard.press("Escape")
    await page.getByRole("button", { name: label, exact: true }).first().click()
    await page.locator("[data-part=event]").waitFor()
    await check("a key's page")
    await button(`Actions for ${label}`).click()
    await page.getByRole("menuitem", { name: "Revoke" }).click()
    await check("revoke")
    await button("Revoke key").click()
    await page.getByText("was revoked.").first().waitFor()
    await check("revoked, with a notice")
    await page.goto(`${host.url}/#tab=ended&q=nothing`)
    await page.getByText("No key’s label contains").waitFor()
    await check("nothing found")
    await context.clearCookies()
    await page.goto(`${host.url}/?again`)
    await page.getByText("Your session has ended.").waitFor()
    await check("refused")
    expect(checked).toHaveLength(15)
    expect(problems.filter((text) => !text.includes("401"))).toEqual([])
  })
})

type Box = Awaited<ReturnType<ReturnType<Page["locator"]>["boundingBox"]>>

const overlap = (one: Box, other: Box) =>
  one !== null &&
  other !== null &&
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height
