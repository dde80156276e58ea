import { findChromium } from "@latchkey/test-postgres"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, inject } from "vitest"
import { startHost } from "./startHost.ts"

interface CreatedKey {
  id: string
  key: string
}

/**
 * A product's settings page, under a policy without inline styles, in a browser. Its cookie names the organization. Each
 * test gets a page of its own and another organization.
 */
export function useSettingsPage() {
  let host: Awaited<ReturnType<typeof startHost>>
  let browser: Browser
  let site: Awaited<ReturnType<typeof open>>
  let count = 0

  beforeAll(async () => {
    host = await startHost(inject("postgresUrl"))
    browser = await chromium.launch({
      executablePath: findChromium() ?? "",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await host?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    site = await open({ viewport: { width: 1200, height: 800 } })
  })
  afterEach(() => site.context.close())

  async function open(options: BrowserContextOptions) {
    const context = await browser.newContext({
      permissions: ["clipboard-read", "clipboard-write"],
      // Animations cost CPU time, and delay every click until they end.
      reducedMotion: "reduce",
      ...options,
    })
    const page = await context.newPage()
    const member = createMember(host.url, `org_${++count}`)
    const signIn = (actor: string) =>
      context.addCookies([{ name: "member", value: member.cookie(actor), url: host.url }])
    await signIn("user_7")
    return { host, context, page, problems: collectProblems(page), signIn, ...member, ...controlsOf(page) }
  }

  return {
    get current() {
      return site
    },
    /** Opens another page instead. */
    async reopen(options: BrowserContextOptions) {
      await site.context.close()
      site = await open(options)
      return site
    },
  }
}

/** Console messages, uncaught errors and violations of the page's policy. */
function collectProblems(page: Page): string[] {
  const problems: string[] = []
  page.on("console", (message) => {
    if (!message.text().includes("React DevTools")) problems.push(message.text())
  })
  page.on("pageerror", (error) => problems.push(error.message))
  return problems
}

/** Calls the API as a member of an organization does, without the page. */
function createMember(url: string, organization: string) {
  const cookie = (actor: string) => encodeURIComponent(`${organization} ${actor}`)

  async function call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${url}/latchkey/auth${path}`, {
      method,
      headers: {
        cookie: `member=${cookie("user_7")}`,
        origin: url,
        "content-type": "application/json",
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await response.json()) as Answer
  }
  return {
    organization,
    cookie,
    call,
    createKey: (label: string, settings: object = {}) =>
      call<CreatedKey>("POST", "/apikeys", { label, ...settings }),
    async statusOf(key: string) {
      const response = await fetch(`${url}/latchkey/auth/me`, { headers: { "x-api-key": key } })
      return response.status
    },
    /** The same for another organization. */
    of: (other: string) => createMember(url, other),
  }
}

function controlsOf(page: Page) {
  const button = (name: string) => page.getByRole("button", { name, exact: true })
  return {
    button,
    row: (label: string) => page.getByRole("row", { name: label }),
    /** The name of the element that has the focus. */
    focused: () =>
      page.evaluate(
        () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent,
      ),
    async choose(label: string, action: string) {
      await button(`Actions for ${label}`).click()
      await page.getByRole("menuitem", { name: action }).click()
    },
  }
}
