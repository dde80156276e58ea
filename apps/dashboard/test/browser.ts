import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { findChromium } from "@latchkey/test-postgres"
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core"
import { createMigratedDatabase } from "../../../packages/db/test/createMigratedDatabase.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Starts Chromium without its background network traffic. */
export function launchChromium() {
  const executablePath = findChromium()
  if (executablePath === undefined)
    throw new Error("Chromium was not found. Install it with: apt-get install chromium-headless-shell")
  const disabled = ["background-networking", "component-update", "sync", "gpu"].map(
    (feature) => `--disable-${feature}`,
  )
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...disabled] })
}

/** Opens a context without animations, which cost CPU time and delay every click until they end. */
export const newContext = (browser: Browser, options: BrowserContextOptions = {}) =>
  browser.newContext({ reducedMotion: "reduce", ...options })

/** Starts the built server in its own process, with its own database. */
export async function startBuiltServer(postgresUrl: string, settings: Record<string, string> = {}) {
  const main = `${root}/apps/standalone/dist/main.js`
  if (!existsSync(main)) throw new Error("build the server first: npm run build")
  const database = await createMigratedDatabase(postgresUrl)
  const AUTH_SECRET = randomBytes(32).toString("hex")
  const defaults = {
    DATABASE_URL: database.url,
    AUTH_SECRET,
    HOST: "127.0.0.1",
    PORT: "0",
    RATE_LIMIT_FACTOR: "1000",
  }
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...defaults, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  })
  return {
    url: await readUrl(child),
    databaseUrl: database.url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM")
      await once(child, "exit")
      await database[Symbol.asyncDispose]()
    },
  }
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const { url } = JSON.parse(line) as { url?: string }
        if (url) resolve(url)
      })
    }
    child.once("exit", () => reject(new Error("the server exited before it was ready")))
  })
}

/** Collects a page's console messages and uncaught errors. Messages of the type `verbose` are only hints. */
export function collectMessages(page: Page): string[] {
  const messages: string[] = []
  page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`))
  page.on("pageerror", (error) => messages.push(`uncaught: ${error.message}`))
  return messages
}

/** Opens a page that throws on violations of its Content-Security-Policy. */
export async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
      throw new Error(`policy: ${effectiveDirective} ${blockedURI}`)
    }),
  )
  return page
}

export const newCredentials = () => ({
  email: `${randomUUID()}@company.tld`,
  password: `correct horse ${randomBytes(8).toString("hex")}`,
})

export async function signIn(page: Page, { email, password }: ReturnType<typeof newCredentials>) {
  await page.getByLabel("Email").fill(email)
  await page.getByLabel("Password", { exact: true }).fill(password)
  await page.getByRole("button", { name: "Sign in" }).click()
}

export async function signOut(page: Page) {
  await page.getByRole("button", { name: "Sign out", exact: true }).click()
  await page.getByText("You have signed out.").waitFor()
}

export async function signUp(page: Page, url: string, { email, password } = newCredentials()) {
  await page.goto(`${url}/sign-up`)
  await page.getByLabel("Email").fill(email)
  await page.getByLabel("Password", { exact: true }).fill(password)
  await page.getByRole("button", { name: "Create account" }).click()
  await page.getByRole("heading", { name: "Create your first key" }).waitFor()
  return { email, password }
}

/** Creates a key with the dialog, and returns the key that it shows. */
export async function createKey(page: Page, label: string): Promise<string> {
  await page.getByRole("button", { name: "Create key" }).click()
  await page.getByRole("textbox", { name: "Label", exact: true }).fill(label)
  await page.keyboard.press("Enter")
  await page.getByText("You won’t be able to see it again").waitFor()
  const key = (await page.getByRole("dialog").locator("[data-part=key]").textContent()) ?? ""
  if (!/^[0-9a-f]{64}$/.test(key)) throw new Error("the dialog shows no key")
  return key
}

/** Chooses an action from the menu of a key in the list. */
export async function chooseAction(page: Page, label: string, action: string) {
  await page.getByRole("button", { name: `Actions for ${label}`, exact: true }).click()
  await page.getByRole("menuitem", { name: action }).click()
}
