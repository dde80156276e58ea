import { randomBytes } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import type { startIssuer } from "../../../auth/test/startIssuer.ts"
import type { LatchkeyServer } from "../../src/types.ts"
import { rest, type TestScope } from "../startLatchkey.ts"
import { DECLARED, OF_LATCHKEY, type Standing } from "./expected.ts"

export interface TestCaller {
  name: string
  /** How the caller identifies itself in a request. */
  headers: Record<string, string>
  /** The caller's key or JWT; null if its requests have none, or more than one. */
  token: string | null
  standing: Standing
  /** For a valid caller. */
  owner?: { issuer: string; subject: string }
}

/** The keys in the server's configuration. */
export interface ConfiguredKeys {
  bootstrap: string
  introspection: string
}

/** The administrator by configuration. */
export const ROOT = { issuer: "host", subject: "root" }

/** `scopesOf` limits this owner to `reports:read`. */
export const TRAINEE = "trainee"

/** The product's users are named by a header, as a cookie would. */
export const asUser = (subject: string) => ({ "x-test-user": JSON.stringify({ subject }) })

const newSecret = () => randomBytes(32).toString("hex")

const valid = (via: "jwt" | "apiKey" | "host", scopes: readonly string[], more: object = {}): Standing => ({
  ...{ is: "valid", via, scopes },
  ...more,
})
const invalid: Standing = { is: "invalid" }

/** A caller with an API key. */
export const apiKeyCaller = (
  name: string,
  token: string,
  standing: Standing,
  owner: { issuer: string; subject: string },
): TestCaller => ({ name, token, standing, headers: { "x-api-key": token }, owner })

function byJwt(name: string, token: string, standing: Standing, owner?: TestCaller["owner"]): TestCaller {
  return {
    ...{ name, token, standing, headers: { authorization: `Bearer ${token}` } },
    ...(owner && { owner }),
  }
}

/** Creates one caller of each kind, on a server with the options of `startProduct`. */
export async function createCallers(
  latchkey: LatchkeyServer<TestScope>,
  {
    databaseUrl,
    issuer,
    configured,
  }: {
    databaseUrl: string
    issuer: Awaited<ReturnType<typeof startIssuer>>
    configured: ConfiguredKeys
  },
): Promise<TestCaller[]> {
  const sql = connect(databaseUrl)

  async function keyOf(subject: string, scopes: string[] | null = null) {
    const headers = { ...asUser(subject), host: "localhost", origin: "http://localhost" }
    const { body } = await rest(latchkey, "POST", "/auth/apikeys", { headers, body: { label: "x", scopes } })
    return { id: body.id as string, key: body.key as string }
  }
  const byKey = (name: string, token: string, standing: Standing, subject = "org_42") =>
    apiKeyCaller(name, token, standing, { issuer: "host", subject })
  const register = async () => {
    const body = { email: `${newSecret().slice(0, 12)}@example.com`, password: newSecret() }
    const { accessToken, user } = (await rest(latchkey, "POST", "/auth/register", { body })).body
    return { token: accessToken as string, id: user.id as string }
  }

  const [account, signedOut, disabledAccount] = [await register(), await register(), await register()]
  await rest(latchkey, "POST", "/auth/logout", { headers: { authorization: `Bearer ${signedOut.token}` } })
  await sql`update owners set disabled_at = now() where id = ${disabledAccount.id}`

  const whole = await keyOf("org_42")
  const revoked = await keyOf("org_42")
  await latchkey.as({ subject: "org_42" }).apiKeys.revoke(revoked.id)
  const expired = await keyOf("org_42")
  await sql`update api_keys set expires_at = now() - interval '1 second' where id = ${expired.id}`
  const foreign = await keyOf("org_of_another_product")
  await sql`update owners set issuer = 'another-product' where subject = 'org_of_another_product'`
  const ofDisabled = await keyOf("org_disabled")
  await sql`update owners set disabled_at = now() where subject = 'org_disabled'`
  const person = { issuer: issuer.url, subject: "disabled person" }
  await rest(latchkey, "POST", "/auth/admin/users/disable", {
    headers: { ...asUser(ROOT.subject), host: "localhost", origin: "http://localhost" },
    body: person,
  })
  await sql.end()
  const wrongSecret = `${whole.key.slice(0, 63)}${whole.key.endsWith("0") ? 1 : 0}`
  const ada = { issuer: issuer.url, subject: "ada" }
  const narrowed = ["reports:read"]
  const administrative = ["reports:read", ...OF_LATCHKEY]
  const both = { "x-api-key": whole.key, authorization: `Bearer ${account.token}` }

  return [
    { name: "nobody", headers: {}, token: null, standing: { is: "nobody" } },
    { name: "two credentials", headers: both, token: null, standing: { is: "ambiguous" } },
    byJwt("a text in no known form", "neither-key-nor-token", invalid),
    byJwt("an account's JWT", account.token, valid("jwt", DECLARED), {
      issuer: "latchkey",
      subject: account.id,
    }),
    byJwt("an account's JWT after signing out", signedOut.token, invalid),
    byJwt("a disabled account's JWT", disabledAccount.token, invalid),
    byJwt(
      "an issuer's JWT with all scopes",
      await issuer.sign({ scope: DECLARED.join(" ") }),
      valid("jwt", DECLARED),
      ada,
    ),
    byJwt(
      "an issuer's JWT with reports:read, and scopes that nobody declared",
      await issuer.sign({ scope: "billing:read reports:read latchkey:manage" }),
      valid("jwt", narrowed),
      ada,
    ),
    byJwt("an issuer's JWT without scopes", await issuer.sign(), valid("jwt", []), ada),
    byJwt("an issuer's JWT for another audience", await issuer.sign({ aud: "another" }), invalid),
    byJwt("an issuer's expired JWT", await issuer.sign({ exp: Math.floor(Date.now() / 1000) - 60 }), invalid),
    byJwt("the JWT of an issuer's disabled subject", await issuer.sign({ sub: person.subject }), invalid),
    {
      ...{ name: "a user signed in by the host", headers: asUser("org_42"), token: null },
      ...{ standing: valid("host", DECLARED), owner: { issuer: "host", subject: "org_42" } },
    },
    {
      ...{ name: "a disabled user signed in by the host", headers: asUser("org_disabled"), token: null },
      standing: invalid,
    },
    byKey("a key", whole.key, valid("apiKey", DECLARED)),
    byJwt("a key as Bearer", whole.key, valid("apiKey", DECLARED), { issuer: "host", subject: "org_42" }),
    byKey(
      "a key with reports:read",
      (await keyOf("org_42", narrowed)).key,
      valid("apiKey", narrowed, { isScoped: true }),
    ),
    byKey(
      "a key with reports:write and latchkey:apikeys:read",
      (await keyOf("org_42", ["reports:write", "latchkey:apikeys:read"])).key,
      valid("apiKey", ["reports:write", "latchkey:apikeys:read"], { isScoped: true }),
    ),
    byKey("a key without scopes", (await keyOf("org_42", [])).key, valid("apiKey", [], { isScoped: true })),
    byKey(
      "a key whose owner scopesOf limits to reports:read",
      (await keyOf(TRAINEE)).key,
      valid("apiKey", narrowed),
      TRAINEE,
    ),
    byKey(
      "an administrator's key with reports:read and all of Latchkey's scopes",
      (await keyOf(ROOT.subject, administrative)).key,
      valid("apiKey", administrative, { isScoped: true }),
      ROOT.subject,
    ),
    byKey(
      "an administrator's key without Latchkey's scopes",
      (await keyOf(ROOT.subject)).key,
      valid("apiKey", DECLARED),
      ROOT.subject,
    ),
    byKey("an unknown key", newSecret(), invalid),
    byKey("a key with a wrong secret", wrongSecret, invalid),
    byKey("the key of an issuer that is not served", foreign.key, invalid),
    byKey("a revoked key", revoked.key, invalid),
    byKey("an expired key", expired.key, invalid),
    byKey("a disabled owner's key", ofDisabled.key, invalid),
    ...(["bootstrap", "introspection"] as const).map((kind) => ({
      ...byKey(
        `a key in ${kind === "bootstrap" ? "BOOTSTRAP_KEY" : "INTROSPECTION_KEYS"}`,
        configured[kind],
        valid(
          "apiKey",
          kind === "bootstrap" ? ["latchkey:introspect", "latchkey:manage"] : ["latchkey:introspect"],
          { isScoped: true, isConfigured: true },
        ),
      ),
      owner: { issuer: "latchkey:configuration", subject: kind },
    })),
  ]
}
