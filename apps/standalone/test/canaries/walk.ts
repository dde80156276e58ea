import { randomBytes, randomUUID } from "node:crypto"
import type { TestPostgres } from "@latchkey/test-postgres"
import { type Canaries, createCanaries } from "./createCanaries.ts"

interface WalkedResponse {
  /** The method, and the path of the route or procedure. */
  call: string
  /** The names of the secrets in the response. */
  found: string[]
}

type Send = (
  call: string,
  body?: unknown,
  options?: { headers?: Record<string, string>; as?: string },
  // biome-ignore lint/suspicious/noExplicitAny: the tests know its shape.
) => Promise<any>

/** Makes calls of every kind, successful and refused, and records every secret on the way. */
export async function walk(url: string, postgres: TestPostgres) {
  const canaries = createCanaries()
  const texts: { call: string; text: string }[] = []

  const send: Send = async (call, body, { headers = {}, as = call } = {}) => {
    const [method = "", path = ""] = call.split(" ")
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    texts.push({ call: as, text: `${JSON.stringify([...response.headers])}\n${text}` })
    const cookie = /__Host-latchkey=([\w-]{86})/.exec(response.headers.getSetCookie().join())?.[1]
    if (cookie) canaries.note("refresh token", cookie)
    return text === "" ? {} : note(canaries, JSON.parse(text))
  }

  const newPassword = () => {
    const password = `correct horse ${randomBytes(12).toString("hex")}`
    canaries.note("password", password)
    return password
  }

  const lookupId = await useKeys(send, await useAccounts(send, url, newPassword), canaries)
  await failWithoutDatabase(send, postgres, newPassword)
  const responses: WalkedResponse[] = texts.map(({ call, text }) => ({
    call,
    found: canaries.findEncoded(text),
  }))
  return { canaries, responses, lookupId }
}

/** Records the secrets in a response from REST or in tRPC's envelope. */
// biome-ignore lint/suspicious/noExplicitAny: the tests know its shape.
function note(canaries: Canaries, body: any) {
  const data = body.result?.data?.json ?? body
  for (const [field, name] of [
    ["key", "API key"],
    ["accessToken", "access token"],
    ["refreshToken", "refresh token"],
  ] as const) {
    if (typeof data[field] === "string") canaries.note(name, data[field])
  }
  return data
}

const bearer = (accessToken: string) => ({ headers: { authorization: `Bearer ${accessToken}` } })
const withKey = (key: string) => ({ headers: { "x-api-key": key } })

async function useAccounts(send: Send, url: string, password: () => string) {
  const email = `${randomUUID()}@company.tld`
  const [first, second] = [password(), password()]
  await send("POST /auth/register", { email, password: first })
  await send("POST /auth/register", { email, password: first })
  await send("POST /auth/register", { email: "no address", password: password() })
  await send("POST /auth/login", { email, password: password() })
  await send("POST /auth/login", { email, password: password(), pasword: password() })
  await send("POST /auth/login", { email, password: [password()] })
  await send("POST /trpc/auth.login", { json: { email: { email }, password: password() } })
  const { refreshToken } = await send("POST /trpc/auth.login", { json: { email, password: first } })
  const { accessToken } = await send("POST /auth/refresh", { refreshToken })
  await send("POST /auth/password", { currentPassword: password(), newPassword: second }, bearer(accessToken))
  await send("POST /auth/password", { currentPassword: first, newPassword: second }, bearer(accessToken))
  await send("POST /auth/refresh", { refreshToken })
  const ownPage = { origin: url, "sec-fetch-site": "same-origin" }
  await send("POST /auth/login", { email, password: second, session: "cookie" }, { headers: ownPage })
  await send("GET /auth/me", undefined, bearer(`${accessToken}x`))
  const other = await send("POST /auth/login", { email, password: second })
  for (const path of ["/auth/me", "/auth/sessions"])
    await send(`GET ${path}`, undefined, bearer(other.accessToken))
  await send("POST /auth/logout", undefined, bearer(other.accessToken))
  return (await send("POST /auth/login", { email, password: second })).accessToken as string
}

async function useKeys(send: Send, accessToken: string, canaries: Canaries): Promise<string> {
  const asUser = bearer(accessToken)
  const { id, key } = await send("POST /auth/apikeys", { label: "nightly import" }, asUser)
  const other = await send("POST /trpc/apiKeys.create", { json: { label: "other" } }, asUser)
  for (const path of ["/auth/me", "/auth/apikeys", "/trpc/auth.me", "/trpc/apiKeys.list"]) {
    await send(`GET ${path}`, undefined, withKey(key))
  }
  const wrong = key.slice(0, 40) + randomBytes(12).toString("hex")
  canaries.note("wrong API key", wrong)
  for (const bad of [wrong, `${key}0`, key.toUpperCase(), accessToken]) {
    await send("GET /auth/me", undefined, withKey(bad))
  }
  await send("GET /auth/me", undefined, bearer(key))
  await send("GET /auth/me", undefined, { headers: { ...asUser.headers, ...withKey(key).headers } })
  await send(`GET /auth/me?apiKey=${key}`, undefined, { as: "GET /auth/me" })
  await send(`DELETE /auth/apikeys/${key}`, undefined, { ...asUser, as: "DELETE /auth/apikeys" })
  await send(`GET /${key}`, undefined, { as: "GET /" })
  await send("POST /auth/apikeys", { label: "x", [key]: key }, asUser)
  await send(`GET /auth/apikeys?cursor=${key}`, undefined, { ...asUser, as: "GET /auth/apikeys" })
  await send("POST /auth/apikeys", { label: "not by a key" }, withKey(key))
  await send(`DELETE /auth/apikeys/${id}`, undefined, { ...asUser, as: "DELETE /auth/apikeys" })
  await send("POST /trpc/apiKeys.revoke", { json: { id: other.id } }, withKey(other.key))
  await send("GET /auth/me", undefined, withKey(key))
  return key.slice(0, 16)
}

/** Makes calls without a database, because the driver's errors contain the statement and its parameters. */
async function failWithoutDatabase(send: Send, postgres: TestPostgres, password: () => string) {
  await postgres.stop()
  const key = randomBytes(32).toString("hex")
  await send("GET /auth/me", undefined, withKey(key))
  await send("POST /auth/register", { email: `${randomUUID()}@company.tld`, password: password() })
  await send("POST /auth/refresh", { refreshToken: randomBytes(64).toString("base64url") })
  await postgres.start()
}
