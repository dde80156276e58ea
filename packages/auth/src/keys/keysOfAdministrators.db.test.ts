import { owners } from "@latchkey/db/schema"
import { eq } from "drizzle-orm"
import { expect, test } from "vitest"
import { bearer, client, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { asHost, newSubject, useOwners } from "../../test/useOwners.ts"

const on = useOwners("PostgreSQL")

const addressed = { ...client, address: "203.0.113.7", knownAddress: "203.0.113.7" }

/** An administrator by configuration, with a managing key that expires and may be used from one address. */
async function newAdministrator() {
  const named = { issuer: "host", subject: newSubject() }
  const auth = on.open({ adminSubjects: [named] })
  const owner = await on.callerOf(asHost({ subject: named.subject }), auth)
  const restrictions = { allowedIps: [addressed.address], expiresAt: new Date(Date.now() + 3_600_000) }
  const input = { label: "backend", scopes: ["latchkey:manage"], ...restrictions }
  const { id, key } = await auth.apiKeys.create(owner, input, client)
  const { caller } = await auth.authenticate(withApiKey(key), addressed)
  if (!caller) throw new TypeError("not authenticated")
  return { auth, named, owner, id, acting: await auth.actFor(caller, named) }
}

test("a managing key can't lift its own restrictions, or those of another administrative key", async () => {
  const { auth, owner, id, acting } = await newAdministrator()
  for (const change of [{ expiresAt: null }, { allowedIps: null }, { scopes: null }, { label: "x" }]) {
    await expect(auth.apiKeys.update(acting, { id, ...change }, client)).rejects.toMatchObject({
      reason: "FORBIDDEN",
    })
  }
  const asking = { label: "gateway", scopes: ["latchkey:introspect"] }
  const other = await auth.apiKeys.create(owner, asking, client)
  await auth.apiKeys.update(owner, { id: other.id, disabled: true }, client)
  const enabling = auth.apiKeys.update(acting, { id: other.id, disabled: false }, client)
  await expect(enabling).rejects.toMatchObject({ reason: "FORBIDDEN" })
  expect(await auth.apiKeys.get(owner.owner, { id: other.id })).toMatchObject({ disabled: true })

  expect(await auth.apiKeys.update(owner, { id, expiresAt: null }, client)).toMatchObject({ expiresAt: null })
  await auth.apiKeys.revoke(acting, { id: other.id }, client)
})

test("it changes the owner's other keys", async () => {
  const { auth, owner, acting } = await newAdministrator()
  const { id } = await auth.apiKeys.create(owner, { label: "own", scopes: ["latchkey:apikeys:read"] }, client)
  expect(await auth.apiKeys.update(acting, { id, disabled: true }, client)).toMatchObject({ disabled: true })
})

test("a server without accounts takes the role away from accounts that are not in ADMIN_EMAILS, and so the scope from their keys", async () => {
  const { user, email, accessToken } = await signUp(on.here)
  await on.db.update(owners).set({ role: "admin" }).where(eq(owners.id, user.id))
  const input = { label: "backend", scopes: ["latchkey:manage"] }
  const { key } = await on.here.apiKeys.create(await on.callerOf(bearer(accessToken)), input, client)
  const scopesAfterStart = async (adminEmails: string[]) => {
    await on.open({ passwords: "off", adminEmails }).syncAdmins()
    return (await on.callerOf(withApiKey(key))).scopes
  }

  expect(await scopesAfterStart([email, "other@example.com"])).toEqual(["latchkey:manage"])
  expect(await scopesAfterStart([])).toEqual(["latchkey:manage"])
  expect(await scopesAfterStart(["other@example.com"])).toEqual([])
})
