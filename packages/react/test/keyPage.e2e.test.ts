import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("a key's page, and settings that the user can't change", () => {
  const settings = useSettingsPage()

  test("a key's page shows its usage, settings and history, and can be entered and left by keyboard", async () => {
    const { host, page, problems, createKey, statusOf, row, button, focused, choose } = settings.current
    const { id, key } = await createKey("Grafana", {
      scopes: ["reports:read"],
      allowedIps: ["203.0.113.0/24"],
    })
    for (let calls = 0; calls < 3; calls++) await statusOf(key)
    await host.latchkey.flush()
    await page.goto(host.url)
    await page.getByRole("button", { name: "Grafana", exact: true }).focus()
    await page.keyboard.press("Enter")
    await page.getByText("3 calls in 30 days").waitFor()
    await expect.poll(focused).toBe("Grafana")
    await expect.poll(() => new URL(page.url()).hash).toBe(`#key=${id}`)

    const chart = page.getByRole("slider")
    await expect.poll(() => chart.getAttribute("aria-valuetext")).toMatch(/: 3 calls$/)
    await chart.focus()
    await page.keyboard.press("ArrowLeft")
    await expect.poll(() => chart.getAttribute("aria-valuetext")).toMatch(/: 0 calls$/)
    await page.getByText("Show as a table").click()
    await expect.poll(() => page.locator("[data-part=usage-table] tbody tr").count()).toBe(30)
    await page.getByText("203.0.113.0/24").waitFor()
    await page.locator("[data-part=event]").getByText("Created").waitFor()
    await page.locator("[data-part=event]").getByText("user_7 · Node.js · 203.0.113.7").waitFor()

    await button("Actions for Grafana").focus()
    await page.keyboard.press("Enter")
    await expect.poll(focused).toBe("Rename")
    await page.keyboard.press("ArrowUp")
    await expect.poll(focused).toBe("Revoke")
    await page.keyboard.press("Escape")
    await expect.poll(focused).toBe("Actions for Grafana")
    await choose("Grafana", "Disable")
    await page
      .getByText(/is disabled: calls with it are rejected/)
      .first()
      .waitFor()
    expect(await statusOf(key)).toBe(401)
    await page.locator("[data-part=event]").getByText("Changed: disabled").waitFor()

    await page.locator("[data-part=back] [data-part=link]").focus()
    await page.keyboard.press("Enter")
    await row("Grafana").waitFor()
    await expect.poll(focused).toBe("Grafana")
    await page.goto(`${host.url}/#key=no-such-key`)
    await page.getByText("There is no such key.").waitFor()
    expect(problems.filter((text) => !text.includes("404"))).toEqual([])
  })

  test("settings that the product has locked are shown, but can't be edited", async () => {
    const { host, page, problems, createKey, button, choose } = settings.current
    const { id } = await createKey("locked", { scopes: ["reports:read"] })
    await host.sql`update api_keys set locked = true where id = ${id}`
    await page.goto(host.url)
    await choose("locked", "Edit")
    await page.getByText("Scopes, addresses and limit are set for you").waitFor()
    await expect.poll(() => page.getByText("Scopes", { exact: true }).count()).toBe(0)
    await page.getByRole("textbox", { name: "Label" }).fill("mine")
    await page.getByLabel("Expires").selectOption("30")
    await button("Save changes").click()
    await page.getByText("“mine” was changed.").first().waitFor()
    await page.getByText(/^Expires [A-Z]/).waitFor()
    expect(problems).toEqual([])
  })
})
