import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Hono } from "hono"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { AppEnv } from "../app.ts"
import { RequestState } from "../requestState.ts"
import { mountDashboard } from "./mountDashboard.ts"

const settings = {
  product: { name: "Latchkey" },
  signIn: "password",
  registration: "open",
  sendsMail: false,
} as const

let folder: string
let app: Hono<AppEnv>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-dashboard-"))
  await mkdir(join(folder, "dist/assets"), { recursive: true })
  await writeFile(join(folder, "secret.js"), "outside")
  await writeFile(join(folder, "dist/index.html"), "<!doctype html>")
  await writeFile(join(folder, "dist/assets/index-abc.js"), "plain")
  await writeFile(join(folder, "dist/assets/index-abc.js.br"), "as brotli")
  app = new Hono<AppEnv>()
  app.use((c, next) => {
    c.set("request", new RequestState({ headers: c.req.raw.headers }))
    return next()
  })
  mountDashboard(app, { folder: join(folder, "dist"), settings }, "")
  app.notFound((c) => c.json({ reason: "NOT_FOUND" }, 404))
})
afterAll(() => rm(folder, { recursive: true }))

const BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"

const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })

test.each(["/", "/account", "/no/such/page"])(
  "%s serves the page, which is revalidated every time and has a strict content security policy",
  async (path) => {
    const response = await get(path, { accept: BROWSER })
    expect(await response.text()).toBe("<!doctype html>")
    expect(response.headers.get("cache-control")).toBe("no-cache")
    const policy = response.headers.get("content-security-policy")
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
    expect(policy).not.toContain("unsafe")
    expect(response.headers.get("referrer-policy")).toBe("no-referrer")
  },
)

test.each([
  ["/auth/nowhere", BROWSER],
  ["/auth", BROWSER],
  ["/trpc/nowhere", BROWSER],
  ["/assets/nowhere.js", BROWSER],
  ["/assets/..%2f..%2fsecret.js", BROWSER],
  ["/assets/%2e%2e/%2e%2e/secret.js", "*/*"],
  ["/nowhere", "*/*"],
  ["/", "application/json"],
])("%s with Accept: %s is left to the API", async (path, accept) => {
  const response = await get(path, { accept })
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({ reason: "NOT_FOUND" })
})

test("assets are precompressed and cached forever", async () => {
  const plain = await get("/assets/index-abc.js")
  expect(await plain.text()).toBe("plain")
  expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
  const compressed = await get("/assets/index-abc.js", { "accept-encoding": "gzip, br" })
  expect(await compressed.text()).toBe("as brotli")
  expect(compressed.headers.get("content-encoding")).toBe("br")
  expect(compressed.headers.get("content-type")).toMatch(/javascript/)
})

test("the page policy allows the product's logo and no other image", async () => {
  const logo = "https://cdn.acme.example/img/logo;v=2,final.svg"
  const html = '<link rel="icon" href="/favicon.svg" /><title>Latchkey</title>'
  await writeFile(join(folder, "index.html"), html)
  const branded = new Hono<AppEnv>()
  branded.use((c, next) => {
    c.set("request", new RequestState({ headers: c.req.raw.headers }))
    return next()
  })
  const product = { name: 'A"<b>', logo }
  mountDashboard(branded, { folder, settings: { ...settings, product } }, "/keys")

  const response = await branded.request("/", { headers: { accept: BROWSER } })

  const policy = response.headers.get("content-security-policy")
  expect(policy).toContain("; img-src 'self' https://cdn.acme.example/img/logo%3Bv=2%2Cfinal.svg; font-src")
  const page = await response.text()
  expect(page).toContain(`<link rel="icon" href="${logo}" />`)
  expect(page).toContain("<title>A&quot;&lt;b&gt;</title>")
  expect(page).not.toContain("<b>")
})
