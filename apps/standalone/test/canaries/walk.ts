import { randomBytes, randomUUID } from "node:crypto"
import type { TestPostgres } from "@latchkey/test-postgres"
import { codeOf } from "../accounts/authenticatorApp.ts"
import type { startMailServer } from "../accounts/startMailServer.ts"
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

interface ConfiguredKeys {
  bootstrap: string
  introspection: string
}

/** Makes calls of every kind, successful and refused, and records every secret on the way. */
export async function walk(
  url: string,
  postgres: TestPostgres,
  configured: ConfiguredKeys,
  mail: Pick<Awaited<ReturnType<typeof startMailServer>>, "tokenFor">,
) {
  const canaries = createCanaries()
  for (const key of Object.values(configured)) canaries.note("configured key", key)
  const texts: { call: string; text: string }[] = []

  const statusOf = new Map<string, number>()
  const send: Send = async (call, body, { headers = {}, as = call } = {}) => {
    const [method = "", path = ""] = call.split(" ")
    const isForm = body instanceof URLSearchParams
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...(body !== undefined && !isForm && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    statusOf.set(as, response.status)
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
  await useLinks(send, { password: newPassword, canaries, tokenFor: mail.tokenFor })
  const statuses = {
    reset: statusOf.get("POST /auth/password/reset by the link"),
    verify: statusOf.get("POST /auth/email/verify by the link"),
    answer: statusOf.get("POST /auth/login by a recovery code"),
  }
  await useBackend(send, configured, canaries)
  await failWithoutDatabase(send, postgres, { password: newPassword, configured })
  const responses: WalkedResponse[] = texts.map(({ call, text }) => ({
    call,
    found: canaries.findEncoded(text),
  }))
  return { canaries, responses, lookupId, statuses }
}

/** Records the secrets in a response from REST or in tRPC's envelope. */
// biome-ignore lint/suspicious/noExplicitAny: the tests know its shape.
function note(canaries: Canaries, body: any) {
  const data = body.result?.data?.json ?? body
  for (const [field, name] of [
    ["key", "API key"],
    ["accessToken", "access token"],
    ["refreshToken", "refresh token"],
    ["challenge", "challenge"],
    ["secret", "TOTP secret"],
  ] as const) {
    if (typeof data[field] === "string") canaries.note(name, data[field])
  }
  for (const code of data.recoveryCodes ?? []) canaries.note("recovery code", code)
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

/** Verifies an email, sets a password by a link, and signs in with a second factor. */
async function useLinks(
  send: Send,
  {
    password,
    canaries,
    tokenFor,
  }: {
    password: () => string
    canaries: Canaries
    tokenFor: (email: string, count?: number) => Promise<string>
  },
) {
  const email = `${randomUUID()}@company.tld`
  const [first, second] = [password(), password()]
  const noted = async (count: number) => {
    const token = await tokenFor(email, count)
    canaries.note("link's token", token)
    return token
  }
  await send("POST /auth/register", { email, password: first })
  const verification = { token: await noted(1) }
  await send("POST /auth/email/verify", verification, { as: "POST /auth/email/verify by the link" })
  await send("POST /auth/email/verify", verification)
  await send("POST /auth/password/reset-request", { email })
  const token = await noted(2)
  await send("POST /auth/password/reset", { token, newPassword: "short" })
  await send("POST /auth/password/reset", { token, newPassword: second, [token]: token })
  const byLink = { as: "POST /auth/password/reset by the link" }
  await send("POST /auth/password/reset", { token, newPassword: second }, byLink)
  await send("POST /auth/password/reset", { token, newPassword: second })
  await send("POST /trpc/auth.resetPassword", { json: { token, newPassword: second } })
  const { accessToken } = await send("POST /auth/login", { email, password: second })
  const asUser = bearer(accessToken)
  await send("POST /auth/second-factor", { currentPassword: first }, asUser)
  const { secret } = await send("POST /auth/second-factor", { currentPassword: second }, asUser)
  await send("POST /auth/second-factor/confirm", { totp: secret }, asUser)
  const app = { totp: codeOf(secret) }
  const { recoveryCodes } = await send("POST /auth/second-factor/confirm", app, asUser)
  const { challenge } = await send("POST /auth/login", { email, password: second })
  await send("POST /auth/login", { challenge, totp: secret })
  await send("POST /auth/login", { challenge, totp: challenge, recoveryCode: challenge })
  const answer = { challenge, recoveryCode: recoveryCodes[0] }
  await send("POST /auth/login", answer, { as: "POST /auth/login by a recovery code" })
  await send("POST /auth/login", answer)
  const removal = { currentPassword: second, recoveryCode: recoveryCodes[0] }
  await send("POST /auth/second-factor/remove", removal, asUser)
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
  const rotation = { ...asUser, as: "POST /auth/apikeys/{key_id}/rotate" }
  const successor = await send(`POST /auth/apikeys/${id}/rotate`, { grace: 60 }, rotation)
  await send("GET /auth/me", undefined, withKey(successor.key))
  await send("POST /trpc/apiKeys.rotate", { json: { id: successor.id, grace: 0 } }, asUser)
  await send("GET /auth/me", undefined, withKey(successor.key))
  await send(`DELETE /auth/apikeys/${id}`, undefined, { ...asUser, as: "DELETE /auth/apikeys" })
  await send("POST /trpc/apiKeys.revoke", { json: { id: other.id } }, withKey(other.key))
  await send("GET /auth/me", undefined, withKey(key))
  return key.slice(0, 16)
}

/** Makes the calls of backends, gateways and reverse proxies. */
async function useBackend(send: Send, { bootstrap, introspection }: ConfiguredKeys, canaries: Canaries) {
  const owner = { "latchkey-on-behalf-of": "host org_42", "latchkey-actor": "user_7" }
  const manage = { headers: { ...withKey(bootstrap).headers, ...owner } }
  const create = { ...manage, as: "POST /auth/apikeys on behalf of an owner" }
  const { id, key } = await send("POST /auth/apikeys", { label: "managed" }, create)
  const wrong = key.slice(0, 16) + randomBytes(24).toString("hex")
  canaries.note("wrong API key", wrong)
  const basic = (name: string, password: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` },
  })

  for (const token of [key, wrong, bootstrap, introspection, `${key}.${key}.${key}`]) {
    const form = new URLSearchParams({ token })
    await send("POST /oauth/introspect", form, withKey(introspection))
    await send("POST /oauth/introspect", form, withKey(key))
    await send("POST /oauth/introspect", form, basic("introspection", introspection))
    await send("POST /oauth/introspect", form, basic(introspection, key))
    await send("POST /oauth/introspect", new URLSearchParams({ [token]: token }), withKey(introspection))
    await send("POST /oauth/introspect", new URLSearchParams({ token: "x", address: token }), withKey(key))
    await send("POST /trpc/auth.introspect", { json: { token } }, withKey(introspection))
    await send("POST /trpc/auth.introspect", { json: { [token]: token } }, withKey(introspection))
    const verify = (query: string, headers: Record<string, string>) =>
      send(`GET /auth/verify${query}`, undefined, { headers, as: "GET /auth/verify" })
    await verify("", withKey(token).headers)
    await verify("?deny=403", basic("x", token).headers)
    await verify(`?scope=${token}`, withKey(key).headers)
    await verify(`?${token}=${token}&deny=403`, withKey(key).headers)
    for (const named of [
      { "latchkey-on-behalf-of": token },
      { ...owner, "latchkey-actor": `${token} ${token}` },
    ]) {
      await send("GET /auth/apikeys", undefined, { headers: { ...manage.headers, ...named } })
    }
    await send("GET /auth/apikeys", undefined, {
      headers: { ...manage.headers, "latchkey-on-behalf-of": `${token} x` },
    })
    await send("POST /auth/admin/users/disable", { issuer: token, subject: "x" }, withKey(bootstrap))
    await send("GET /auth/me", undefined, withKey(token))
  }
  await send(`DELETE /auth/apikeys/${id}`, undefined, { ...manage, as: "DELETE /auth/apikeys" })
}

/** Makes calls without a database, because the driver's errors contain the statement and its parameters. */
async function failWithoutDatabase(
  send: Send,
  postgres: TestPostgres,
  { password, configured }: { password: () => string; configured: ConfiguredKeys },
) {
  await postgres.stop()
  const key = randomBytes(32).toString("hex")
  await send("POST /oauth/introspect", new URLSearchParams({ token: key }), withKey(configured.introspection))
  await send("GET /auth/verify?deny=403", undefined, withKey(key))
  await send(
    "POST /auth/apikeys",
    { label: "managed" },
    { headers: { ...withKey(configured.bootstrap).headers, "latchkey-on-behalf-of": "host org_42" } },
  )
  await send("GET /auth/me", undefined, withKey(key))
  await send("POST /auth/register", { email: `${randomUUID()}@company.tld`, password: password() })
  await send("POST /auth/refresh", { refreshToken: randomBytes(64).toString("base64url") })
  await postgres.start()
}
