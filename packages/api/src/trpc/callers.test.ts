import type { Auth, Caller } from "@latchkey/auth"
import { expect, test } from "vitest"
import { failureOf } from "../failure.ts"
import { RequestState } from "../http/requestState.ts"
import { callProcedure, procedureDescriptions, procedureKind } from "./callProcedure.ts"
import { createContext, openSource } from "./context.ts"

const owner: Caller["owner"] = {
  ...{ id: "0b7c1a52-8d0e-8c55-bb0f-9d3b6f0f4e21", issuer: "host", subject: "org_42" },
  ...{ email: null, role: "user", createdAt: null },
}
const host: Caller = { owner, scopes: [], isScoped: false, manage: "write", via: "host" }
const token: Caller = { ...host, via: "jwt", expiresAt: new Date() }
const key: Caller = { ...host, via: "apiKey", apiKeyId: "k-1", label: "x", metadata: null }

const page = { items: [], nextCursor: null }
const created = {
  ...{ id: "k-2", label: "x", start: "01234567", scopes: null, createdBy: "org_42" },
  ...{ allowedIps: null, rateLimit: null, disabled: false, locked: false, metadata: null },
  ...{ replaces: null, replacedBy: null },
  ...{ createdAt: new Date(), expiresAt: null, key: "…" },
}

const listed = { ...created, lastUsedAt: null, revokedAt: null }

/** Calls a procedure as a caller. Returns its result, or the reason of its failure. */
async function call(
  path: string,
  caller: Caller,
  options: { headers?: Record<string, string>; passwords?: "on" | "off"; input?: unknown } = {},
): Promise<unknown> {
  const auth: Partial<Auth> = {
    passwords: options.passwords ?? "on",
    authenticate: async () => ({ caller }),
    apiKeys: {
      create: async () => created,
      list: async () => page,
      get: async () => listed,
      update: async () => listed,
      rotate: async () => created,
      usage: async () => ({ items: [] }),
      usageOfAll: async () => ({ dates: [], items: [] }),
      revoke: async () => {},
    },
    audit: { list: async () => page },
    queue: { forRequest: () => (_: string, run: () => unknown) => run() } as unknown as Auth["queue"],
  }
  const headers = new Headers({ host: "api.company.tld", ...options.headers })
  const request = new RequestState({ headers, allowedOrigins: ["https://app.company.tld"] })
  const kind = procedureKind(path)
  if (!kind) throw new TypeError(`no procedure ${path}`)
  const ctx = createContext(openSource(auth as Auth), request)
  try {
    return await callProcedure(path, { kind, ctx, getRawInput: async () => options.input })
  } catch (error) {
    return failureOf(error).reason
  }
}

const input = { label: "x" }

test.each([
  [{}, "FORBIDDEN"],
  [{ origin: "https://evil.example.com" }, "FORBIDDEN"],
  [{ origin: "https://app.company.tld.example.com" }, "FORBIDDEN"],
  [{ origin: "null" }, "FORBIDDEN"],
  [{ origin: "https://api.company.tld", "sec-fetch-site": "cross-site" }, "FORBIDDEN"],
  [{ origin: "https://api.company.tld" }, created],
  [{ origin: "https://api.company.tld", "sec-fetch-site": "same-origin" }, created],
  [{ origin: "https://app.company.tld", "sec-fetch-site": "same-site" }, created],
])("a change that the host vouches for, with the headers %j", async (headers, result) => {
  expect(await call("apiKeys.create", host, { headers, input })).toEqual(result)
})

test("reading needs no proof of origin, and neither does a change by JWT", async () => {
  expect(await call("apiKeys.list", host)).toEqual(page)
  expect(await call("auth.me", host)).toMatchObject({ subject: "org_42", via: "host", scopes: [] })
  expect(await call("apiKeys.create", token, { input })).toEqual(created)
  expect(await call("audit.list", token)).toEqual(page)
})

test("a read-only caller can't change anything", async () => {
  const reader: Caller = { ...token, manage: "read" }
  expect(await call("apiKeys.list", reader)).toEqual(page)
  expect(await call("apiKeys.create", reader, { input })).toBe("FORBIDDEN")
  expect(await call("apiKeys.revoke", reader, { input: { id: "k-2" } })).toBe("FORBIDDEN")
})

test("a key can't create keys, and a key with scopes can't list them", async () => {
  expect(await call("apiKeys.create", key, { input })).toBe("FORBIDDEN")
  expect(await call("audit.list", key)).toBe("FORBIDDEN")
  expect(await call("apiKeys.list", key)).toEqual(page)
  expect(await call("apiKeys.list", { ...key, isScoped: true })).toBe("INSUFFICIENT_SCOPE")
  expect(await call("auth.me", { ...key, isScoped: true })).toMatchObject({ via: "apiKey", apiKeyId: "k-1" })
})

test("the actor of a caller is shown", async () => {
  expect(await call("auth.me", { ...host, actor: "user_7" })).toMatchObject({ actor: "user_7" })
  expect(await call("auth.me", host)).not.toHaveProperty("actor")
})

const ofAccounts = procedureDescriptions.flatMap(({ path, meta }) => (meta.accounts ? path : []))

test("sessions and passwords belong to Latchkey's own accounts", async () => {
  expect(ofAccounts.sort()).toEqual([
    "admin.users.createResetLink",
    "admin.users.resetSecondFactor",
    "auth.account",
    "auth.changePassword",
    "auth.login",
    "auth.logout",
    "auth.refresh",
    "auth.register",
    "auth.requestEmailVerification",
    "auth.requestPasswordReset",
    "auth.resetPassword",
    "auth.verifyEmail",
    "secondFactor.confirm",
    "secondFactor.remove",
    "secondFactor.renewRecoveryCodes",
    "secondFactor.setUp",
    "sessions.list",
    "sessions.revoke",
    "sessions.revokeOthers",
  ])
  const headers = { origin: "https://api.company.tld" }
  for (const path of ["auth.changePassword", "sessions.list", "sessions.revokeOthers"]) {
    expect(await call(path, host, { headers }), path).toBe("FORBIDDEN")
    expect(await call(path, token), path).toBe("FORBIDDEN")
  }
})

test.each(ofAccounts)("without accounts of Latchkey's own, there is no %s", async (path) => {
  expect(await call(path, token, { passwords: "off" })).toBe("NOT_FOUND")
})
