import { owners } from "@latchkey/db/schema"
import { sql } from "drizzle-orm"
import { describe, expect, test, vi } from "vitest"
import { client, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { asHost, newKeyInput, newSubject, SCOPES, trusted, useOwners } from "../../test/useOwners.ts"
import type { AuthOptions } from "../authOptions.ts"
import type { Caller } from "./caller.ts"
import { ownerIdOf } from "./ownerIdOf.ts"

describe.each(["PostgreSQL", "embedded"] as const)("owners without an own account on %s", (kind) => {
  const on = useOwners(kind)

  test("get a row with their first key, and the key authenticates them", async () => {
    const subject = newSubject()
    const headers = asHost({ subject, actor: "user_7", email: "ada@example.com" })
    const id = ownerIdOf({ issuer: "host", subject })
    const owner = { id, issuer: "host", subject, email: "ada@example.com", role: "user", createdAt: null }

    const caller = { owner, actor: "user_7", scopes: SCOPES, isScoped: false, manage: "write", via: "host" }
    expect(await on.here.authenticate(headers)).toEqual({ caller })
    expect(await on.rowsOf(subject)).toEqual([])
    const { key, createdBy } = await on.createKey(headers)

    expect(createdBy).toBe("user_7")
    expect(await on.rowsOf(subject)).toMatchObject([{ id, issuer: "host", email: null, passwordHash: null }])
    expect(await on.callerOf(withApiKey(key))).toMatchObject({
      owner: { id, subject, email: null },
      scopes: SCOPES,
    })
    expect(await on.callerOf(withApiKey(key))).not.toHaveProperty("actor")
    const { items } = await on.here.audit.list({ id }, { cursor: null, limit: 10 })
    expect(items).toMatchObject([{ kind: "apiKeyCreated", via: "host", actor: "user_7", credentialId: null }])
  })

  test("are the same by the host's cookie and by the JWT of an issuer that it names", async () => {
    const subject = newSubject()
    const { id, key } = await on.createKey(asHost({ subject, issuer: trusted.issuer }))
    const byToken = await on.callerOf(trusted.bearer({ subject }))

    expect(byToken).toMatchObject({ via: "jwt", owner: { issuer: trusted.issuer, subject } })
    await on.here.apiKeys.revoke(byToken, { id }, client)

    expect(await on.there.authenticate(withApiKey(key))).toMatchObject({ caller: null, cause: "unknown" })
  })

  test("a JWT can give a key only the declared scopes that it has", async () => {
    const headers = trusted.bearer({ subject: newSubject(), scopes: ["reports:read", "billing:read"] })
    const caller = await on.callerOf(headers)
    expect(caller.scopes).toEqual(["reports:read"])

    expect(await on.here.apiKeys.create(caller, newKeyInput, client)).toMatchObject({
      scopes: ["reports:read"],
    })
    const more = on.here.apiKeys.create(caller, { ...newKeyInput, scopes: ["reports:write"] }, client)
    await expect(more).rejects.toMatchObject({ reason: "INSUFFICIENT_SCOPE" })
  })

  test("a JWT that expires while the call waits changes nothing", async () => {
    const subject = newSubject()
    const caller = await on.callerOf(trusted.bearer({ subject, expiresAt: Date.now() / 1000 + 60 }))
    const expired = { ...caller, expiresAt: new Date(Date.now() - 60_000) } as Caller

    await expect(on.here.apiKeys.create(expired, newKeyInput, client)).rejects.toMatchObject({
      reason: "UNAUTHENTICATED",
    })
    expect(await on.rowsOf(subject)).toEqual([])
  })

  test("the host is asked only about requests without a credential of Latchkey's", async () => {
    const asked = vi.fn<NonNullable<AuthOptions["identify"]>>(() => null)
    const auth = on.open({ identify: asked })
    const { headers } = await signUp(auth)
    const { key } = await auth.as({ subject: newSubject() }).apiKeys.create({ label: "x" })
    const request = { cookie: "of the host" }

    for (const credential of [
      headers,
      withApiKey(key),
      withApiKey("wrong"),
      trusted.bearer({ subject: "x" }),
    ]) {
      await auth.authenticate(credential, client, request)
    }
    expect(asked).not.toHaveBeenCalled()

    const none = new Headers()
    expect(await auth.authenticate(none, client, request)).toMatchObject({ problem: "none", cause: "none" })
    expect(asked).toHaveBeenCalledExactlyOnceWith(none, request)
    const foreign = new Headers({ authorization: "Bearer of-the-host" })
    expect(await auth.authenticate(foreign, client, request)).toMatchObject({ problem: "invalid" })
  })

  test("verifying a credential writes nothing", async () => {
    const subject = newSubject()
    const count = () => on.db.select({ rows: sql`count(*)` }).from(owners)
    const before = await count()
    for (const headers of [asHost({ subject }), trusted.bearer({ subject })]) await on.callerOf(headers)
    expect(await count()).toEqual(before)
  })
})
