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

  async function signIn(email: string) {
    const context = await browser.newContext()
    const page = await context.newPage()
    const problems: string[] = []
    page.on("pageerror", (error) => problems.push(error.message))
    page.on("console", (message) => problems.push(message.text()))
    await page.goto(tidewater.url)
    await page.getByLabel("Email").fill(email)
    await page.getByLabel("Password").fill(DEMO_PASSWORD)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByRole("heading", { name: "API keys" }).waitFor()
    return { page, problems }
  }

  test("an editor creates a key that works, a viewer sees it, and the editor revokes it", async () => {
    const { page, problems } = await signIn("ada@tidewater.example")
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByRole("textbox", { name: "Label" }).fill("Nightly export")
    await page.getByLabel("Only selected scopes").check()
    await page.getByLabel("reports:write").uncheck()
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click()
    await page.getByText("Copy it now.").waitFor()
    const key = (await page.locator("[data-part=key]").textContent()) ?? ""
    await page.getByRole("tab", { name: "curl" }).click()
    await page.getByText(`${tidewater.url}/trpc/reports.list`).waitFor()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("button", { name: "Close anyway" }).click()
    const customer = clientFor(tidewater.url, { "x-api-key": key })
    expect(await customer.reports.list.query()).toHaveLength(2)
    await expect(customer.reports.publish.mutate({ id: crypto.randomUUID() })).rejects.toThrow()

    const viewer = await signIn("vic@tidewater.example")
    await viewer.page.getByRole("row", { name: "Nightly export" }).waitFor()
    await viewer.page.getByText("Ask an editor to change them.").waitFor()
    await expect.poll(() => viewer.page.getByRole("button", { name: "Create key" }).count()).toBe(0)

    await page.reload()
    await page.getByRole("row", { name: "Nightly export" }).waitFor()
    await expect.poll(() => page.content()).not.toContain(key)
    await page.getByRole("button", { name: "Actions for Nightly export" }).click()
    await page.getByRole("menuitem", { name: "Revoke" }).click()
    await page.getByRole("button", { name: "Revoke key" }).click()
    await page.getByText("“Nightly export” was revoked.").first().waitFor()
    await expect(customer.reports.list.query()).rejects.toMatchObject({ data: { httpStatus: 401 } })
    expect([...problems, ...viewer.problems]).toEqual([])
  })
})
