import type { ApiKeyPage } from "@latchkey/sdk"
import { runsBrowserTests } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import { useSettingsPage } from "./useSettingsPage.ts"

describe.runIf(runsBrowserTests())("keys in a product's page", () => {
  const settings = useSettingsPage()

  test("a key is created with scopes and an expiry, copied, used, rotated, renamed and revoked", async () => {
    const { host, page, problems, call, statusOf, row, button, focused, choose } = settings.current
    await page.goto(host.url)
    await page.getByText("Create your first key").waitFor()
    await button("Create key").click()
    await page.getByRole("textbox", { name: "Label" }).fill("nightly import")
    await page.getByLabel("Expires").selectOption("90")
    await page.getByText(/^The key expires on [A-Z]/).waitFor()
    await page.getByLabel("Only selected scopes").check()
    await page.getByLabel("reports:write").uncheck()
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click()
    await page.getByText("“nightly import” is ready").waitFor()
    const key = (await page.locator("[data-part=key]").textContent()) ?? ""
    await expect.poll(focused).toBe("Copy the API key")

    await page.keyboard.press("Escape")
    await page.getByText("Close without copying the key?").waitFor()
    await expect.poll(focused).toBe("Back to the key")
    await page.keyboard.press("Enter")
    await page.getByRole("tab", { name: "curl" }).click()
    await button("Copy the example").click()
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toContain("$LATCHKEY_API_KEY")
    await button("Copy the API key").click()
    await button("Copied the API key").waitFor()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(key)
    await button("Done").click()
    await row("nightly import").waitFor()
    await expect.poll(() => page.content()).not.toContain(key)
    await expect.poll(focused).toBe("Create key")

    expect(await statusOf(key)).toBe(200)
    const { items } = await call<ApiKeyPage>("GET", "/apikeys")
    expect(items).toMatchObject([{ label: "nightly import", scopes: ["reports:read"] }])
    const end = new Date(items[0]?.expiresAt ?? 0).getTime() - Date.now()
    expect(Math.round(end / 86_400_000)).toBe(90)

    await choose("nightly import", "Rotate")
    await page.getByText(/the old one expires tomorrow/).waitFor()
    await button("Rotate key").click()
    await page.getByText(/works until it expires tomorrow/).waitFor()
    await button("Copy the API key").click()
    await button("Done").click()
    await page.getByText(/^Replaced, ends tomorrow/).waitFor()
    const rows = await page.locator("tbody tr").allTextContents()
    expect(rows).toHaveLength(2)
    expect(rows[1]).toContain("Replaced, ends tomorrow")
    expect(await statusOf(key)).toBe(200)

    await button("Actions for nightly import").first().click()
    await page.getByRole("menuitem", { name: "Rename" }).click()
    await page.getByRole("textbox", { name: "Label" }).fill("hourly import")
    await page.keyboard.press("Enter")
    await page.getByText("“hourly import” was changed.").first().waitFor()
    await choose("hourly import", "Revoke")
    await page.getByText("Revoke “hourly import”?").waitFor()
    await expect.poll(focused).toBe("Cancel")
    await button("Revoke key").click()
    await page.getByText("“hourly import” was revoked.").first().waitFor()
    await row("hourly import").waitFor({ state: "detached" })
    await page.getByLabel(/^Ended/).check()
    await row("hourly import").getByText("Revoked").waitFor()
    expect(problems).toEqual([])
  })

  test("31 keys are shown in pages: the view is in the URL, and the focus follows", async () => {
    const { host, page, problems, call, createKey, row, button, focused } = settings.current
    const labels = Array.from({ length: 31 }, (_, index) => `key ${String(index).padStart(2, "0")}`)
    for (const label of labels) await createKey(label)
    await page.goto(host.url)
    await page.getByText("1–20 of 31").waitFor()
    await button("Next").focus()
    await page.keyboard.press("Enter")
    await page.getByText("21–31 of 31").waitFor()
    await expect.poll(() => page.locator("tbody tr").count()).toBe(11)
    await expect.poll(focused).toBe("API keys: Active")
    await expect.poll(() => new URL(page.url()).hash).toBe("#page=2")
    const top = await page.locator("[data-part=table-region]").boundingBox()
    expect(top?.y).toBeGreaterThanOrEqual(0)

    await page.getByRole("searchbox").fill("KEY 07")
    await row("key 08").waitFor({ state: "detached" })
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1)
    await expect.poll(() => new URL(page.url()).hash).toBe("#q=KEY+07")
    await page.reload()
    await row("key 07").waitFor()
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1)

    await page.getByRole("searchbox").fill("")
    await page.getByText("1–20 of 31").waitFor()
    await page.getByLabel("Select key 30").check()
    await page.getByLabel("Select key 29").check()
    await page.getByText("2 selected").waitFor()
    await page.locator("[data-part=bulk-bar]").getByRole("button", { name: "Revoke" }).click()
    await button("Revoke 2 keys").click()
    await page.getByText("2 keys were revoked.").first().waitFor()
    await page.getByText("1–20 of 29").waitFor()
    await page.getByLabel(/^Ended/).check()
    await row("key 30").waitFor()
    await expect.poll(() => page.locator("[data-part=bulk-bar], [data-selected]").count()).toBe(0)
    expect((await call<ApiKeyPage>("GET", "/apikeys")).items).toHaveLength(29)
    expect(problems).toEqual([])
  })

  test("a failed revocation is rolled back, and loading is retried while the server is away", async () => {
    const { host, page, createKey, row, button, choose } = settings.current
    await createKey("precious")
    await page.goto(host.url)
    await row("precious").waitFor()
    const data = { code: "TOO_MANY_REQUESTS", httpStatus: 429, reason: "RATE_LIMITED", requestId: "r" }
    await page.route("**/trpc/apiKeys.revoke*", (route) =>
      route.fulfill({
        status: 429,
        headers: { "retry-after": "24" },
        json: [{ error: { json: { code: -32029, message: "Too many.", data } } }],
      }),
    )
    await choose("precious", "Revoke")
    await button("Revoke key").click()
    await page.getByText("“precious” could not be revoked.").first().waitFor()
    await page.getByText(/Try again in 2\d seconds/).waitFor()
    await row("precious").waitFor()

    await page.route("**/trpc/**", (route) => route.abort())
    await page.getByText("The server can’t be reached. Retrying…").waitFor()
    await page.unroute("**/trpc/**")
    await page.getByText("Retrying…").waitFor({ state: "detached" })
  })
})
