import { expect, test } from "vitest"
import { type RestCall, registerWithKey, rest } from "../testServer.ts"
import { onBehalfOf, outcomeOf, useOwnerTokens } from "./useOwnerTokens.ts"

const tokens = useOwnerTokens()

test("a token is short-lived and not cached, and the trail names who created and used it", async () => {
  const manager = await tokens.newManager()
  const headers = onBehalfOf("org_trail", "user_7")
  const before = Date.now()
  const { status, headers: sent, body } = await tokens.mint(manager.key, headers, { ttl: 60 })
  expect([status, sent.get("cache-control")]).toEqual([201, "no-store"])
  expect(Object.keys(body).sort()).toEqual(["accessToken", "expiresAt"])
  const ttl = new Date(body.expiresAt).getTime() - before
  expect(ttl).toBeGreaterThan(50_000)
  expect(ttl).toBeLessThanOrEqual(61_000)
  const ttlOf = async (input: object) => (await tokens.mint(manager.key, headers, input)).status
  expect([await ttlOf({ ttl: 59 }), await ttlOf({ ttl: 901 }), await ttlOf({ manage: "write" })]).toEqual([
    400, 400, 400,
  ])
  const created = await tokens.create(body.accessToken)

  const trail =
    await tokens.sql`select kind, via, actor, credential_id, actor_id, subject_id from audit_events
    where owner_id = (select id from owners where subject = 'org_trail') order by created_at`
  const by = { actor: "user_7", actor_id: null, credential_id: manager.id }
  expect(trail).toEqual([
    { kind: "ownerTokenCreated", via: "apiKey", ...by, subject_id: null },
    { kind: "apiKeyCreated", via: "ownerToken", ...by, subject_id: created.body.id },
  ])
})

test("who may create a token", async () => {
  const user = await registerWithKey(tokens.url)
  const manager = await tokens.newManager()
  const { accessToken } = await tokens.newToken()
  const by = (credential: RestCall, headers: Record<string, string> = onBehalfOf("org_1")) =>
    rest(tokens.url, "POST", "/auth/owner-tokens", { ...credential, headers, body: {} })
  const table = {
    "the tokens.bootstrap key": outcomeOf(await by({ apiKey: tokens.bootstrap })),
    "a managing key": outcomeOf(await by({ apiKey: manager.key })),
    "a managing key without an owner": outcomeOf(await by({ apiKey: manager.key }, {})),
    "a managing key for an own account": outcomeOf(
      await by({ apiKey: manager.key }, { "latchkey-on-behalf-of": `latchkey ${user.user.id}` }),
    ),
    "a user's key": outcomeOf(await by({ apiKey: user.apiKey })),
    "an administrator": outcomeOf(await by({ accessToken: tokens.admin })),
    "an administrator without an owner": outcomeOf(await by({ accessToken: tokens.admin }, {})),
    "an owner token": outcomeOf(await by({ accessToken })),
    "an owner token without an owner": outcomeOf(await by({ accessToken }, {})),
    nobody: outcomeOf(await by({})),
  }
  expect(table).toEqual({
    "the tokens.bootstrap key": "201 done",
    "a managing key": "201 done",
    "a managing key without an owner": "403 FORBIDDEN",
    "a managing key for an own account": "403 FORBIDDEN",
    "a user's key": "403 INSUFFICIENT_SCOPE",
    "an administrator": "403 FORBIDDEN",
    "an administrator without an owner": "403 INSUFFICIENT_SCOPE",
    "an owner token": "403 FORBIDDEN",
    "an owner token without an owner": "403 FORBIDDEN",
    nobody: "401 UNAUTHENTICATED",
  })
})
