import {
  createTestDatabase,
  findChromium,
  runsBrowserTests,
  type TestDatabase,
} from "@latchkey/test-postgres"
import { type Browser, chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { DEMO_PASSWORD } from "../src/db/addDemoData.ts"
import { clientFor, startTidewater } from "./startTidewater.ts"

describe.runIf(runsBrowserTests())("the settings page", () => {
  let database: TestDatabase
  let tidewater: Awaited<ReturnType<typeof startTidewater>>
  let browser: Browser
  beforeAll(async () => {
    database = await createTestDatabase(inject("postgresUrl"))
    tidewater = await startTidewater(database.url)
    browser = await chromium.launch({
      executablePath: findChromium() ?? "",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    })
  })
  afterAll(async () => {
    await browser.close()
    await tidewater[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  test("a member signs in, creates a key that works, and revokes it", async () => {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on("pageerror", (error) => problems.push(error.message))
    page.on("dialog", (dialog) => dialog.accept())
    await page.goto(tidewater.url)
    await page.getByLabel("Email").fill("ada@tidewater.example")
    await page.getByLabel("Password").fill(DEMO_PASSWORD)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByText("Your organization has no API keys yet.").waitFor()

    await page.getByLabel("Label").fill("Nightly export")
    await page.getByLabel("reports:write").uncheck()
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByText("Copy the key now.").waitFor()
    const key = (await page.locator("#new-key-value").textContent()) ?? ""
    const customer = clientFor(tidewater.url, { "x-api-key": key })
    expect(await customer.reports.list.query()).toHaveLength(2)
    await expect(customer.reports.publish.mutate({ id: crypto.randomUUID() })).rejects.toThrow()

    await page.reload()
    expect(await page.getByRole("listitem").textContent()).toContain("Nightly export")
    expect(await page.content()).not.toContain(key)
    await page.getByRole("button", { name: "Revoke Nightly export" }).click()
    await page.getByText("Your organization has no API keys yet.").waitFor()
    await expect(customer.reports.list.query()).rejects.toMatchObject({ data: { httpStatus: 401 } })
    expect(problems).toEqual([])
  })
})
