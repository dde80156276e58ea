import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, inject } from "vitest"
import { launchChromium, newContext, startBuiltServer } from "./browser.ts"

/** Starts a browser and a built server for the tests of a `describe`. */
export function useBrowser(settings: Record<string, string> = {}) {
  let browser: Browser
  let server: Awaited<ReturnType<typeof startBuiltServer>>
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startBuiltServer(inject("postgresUrl"), settings)
  })
  afterAll(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })

  return {
    get browser() {
      return browser
    },
    get server() {
      return server
    },
  }
}

/** Opens a context for each test of a `describe`. */
export function useContext(used: ReturnType<typeof useBrowser>, options: BrowserContextOptions = {}) {
  let context: BrowserContext
  beforeEach(async () => {
    context = await newContext(used.browser, options)
  })
  afterEach(() => context.close())

  return {
    get context() {
      return context
    },
  }
}
