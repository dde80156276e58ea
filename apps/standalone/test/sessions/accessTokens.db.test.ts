import { createDatabase } from "@latchkey/db"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { createKeyring } from "../../../../packages/auth/src/crypto/keyring.ts"
import { createForge, type Forge } from "../../../../packages/auth/test/hostileTokens/forge.ts"
import { hostileTokens } from "../../../../packages/auth/test/hostileTokens/index.ts"
import { newSecret, register, rest, startServerOnPostgres } from "../testServer.ts"

const secrets = { current: newSecret(), previous: newSecret() }
const keyring = createKeyring({ current: secrets.current, previous: [secrets.previous] })

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    AUTH_SECRET: secrets.current,
    AUTH_SECRET_PREVIOUS: secrets.previous,
  })
})
afterAll(() => server[Symbol.asyncDispose]())

/** Registers a user, and creates a forge of tokens for their session, signed with one of the server's secrets. */
async function signIn(secret: keyof typeof secrets = "current") {
  const user = await register(server.url)
  const { items } = (await rest(server.url, "GET", "/auth/sessions", user)).body
  const subject = { userId: user.user.id, sessionId: items[0].id as string }
  const keys = createKeyring({ current: secrets[secret] }).current
  return { ...user, subject, forge: createForge(keys, subject) }
}

const sign = ({ sign, header, payload }: Forge, claims: object = {}) =>
  sign(header, { ...payload, ...claims })

/** The responses of both surfaces to a token, without the parts that differ between any two responses. */
async function responsesTo(accessToken: string) {
  const responses = await Promise.all(
    ["/auth/me", "/trpc/auth.me"].map((path) => rest(server.url, "GET", path, { accessToken })),
  )
  return responses.map(({ status, headers, body }) => ({
    status,
    challenge: headers.get("www-authenticate"),
    body: JSON.stringify(body).replace(headers.get("x-request-id") ?? "no id", ""),
  }))
}

const REFUSED = { status: 401, challenge: 'Bearer realm="latchkey", error="invalid_token"' }
const refusal = {
  code: "UNAUTHORIZED",
  reason: "UNAUTHENTICATED",
  message: expect.any(String),
  requestId: "",
}

/** The responses of both surfaces to a string that is obviously not a token. Every other refusal must be identical. */
async function plainRefusal() {
  const responses = await responsesTo("x")
  expect(responses).toMatchObject([REFUSED, REFUSED])
  expect(JSON.parse(responses[0]?.body ?? "")).toEqual(refusal)
  expect(JSON.parse(responses[1]?.body ?? "").error.json.data).toEqual({
    code: "UNAUTHORIZED",
    httpStatus: 401,
    reason: "UNAUTHENTICATED",
    requestId: "",
  })
  return responses
}

test("both surfaces refuse all hostile tokens with the same response, which does not say what is wrong", async () => {
  const { subject, forge } = await signIn()
  const expected = await plainRefusal()
  const sent = (await hostileTokens(keyring.current, subject)).filter(([, token]) => isCredential(token))
  expect(sent.length).toBeGreaterThan(300)
  // The verifier caches valid tokens, and must not mistake a hostile token for a cached one.
  expect(await responsesTo(sign(forge))).toMatchObject([{ status: 200 }, { status: 200 }])

  for (const [name, token] of sent) expect(await responsesTo(token), name).toEqual(expected)
  expect(server.log.join("")).not.toContain('"level":50')
})

/** Whether a token can be sent as one credential. Spaces and control characters are invalid, and a comma makes two. */
const isCredential = (token: string) => /^[!-+\--~]+$/.test(token)

test("a token with a comma counts as two credentials", async () => {
  const { subject } = await signIn()
  const withComma = (await hostileTokens(keyring.current, subject)).filter(
    ([, token]) => token.includes(",") && isCredential(token.replaceAll(",", "")),
  )
  expect(withComma.length).toBeGreaterThan(3)
  for (const [name, token] of withComma) {
    const responses = await responsesTo(token)
    expect(responses, name).toMatchObject([{ status: 400 }, { status: 400 }])
    for (const { body } of responses) expect(body).toContain('"AMBIGUOUS_CREDENTIALS"')
  }
})

describe("a token is refused with the same response", () => {
  test("if its session belongs to another user", async () => {
    const [ada, bob] = [await signIn(), await signIn()]
    const stolen = [
      sign(ada.forge, { sub: bob.subject.userId }),
      sign(ada.forge, { sid: bob.subject.sessionId }),
    ]
    for (const token of stolen) expect(await responsesTo(token)).toEqual(await plainRefusal())
  })

  test("if its session never existed", async () => {
    const { forge, subject } = await signIn()
    const token = sign(forge, { sid: subject.userId })
    expect(await responsesTo(token)).toEqual(await plainRefusal())
  })

  test("if its session has ended, whether the server issued it or it was forged", async () => {
    const { forge, accessToken } = await signIn()
    expect(await responsesTo(sign(forge))).toMatchObject([{ status: 200 }, { status: 200 }])
    await rest(server.url, "POST", "/auth/logout", { accessToken })
    for (const token of [sign(forge), accessToken]) {
      expect(await responsesTo(token)).toEqual(await plainRefusal())
    }
  })

  test("if its user is disabled", async () => {
    const { accessToken, subject } = await signIn()
    const { db, close } = await createDatabase(server.shared.DATABASE_URL)
    await db.execute(sql`update owners set disabled_at = now() where id = ${subject.userId}`)
    await close()
    expect(await responsesTo(accessToken)).toEqual(await plainRefusal())
  })

  test("if it is signed with an unknown secret", async () => {
    const { subject } = await signIn()
    const keys = createKeyring({ current: newSecret() }).current
    const { header, payload, sign } = createForge(keys, subject)
    for (const kid of [keys.id, keyring.current.id]) {
      expect(await responsesTo(sign({ ...header, kid }, payload))).toEqual(await plainRefusal())
    }
  })
})

test("a token that is longer than any of the server's own is refused unread", async () => {
  const { forge } = await signIn()
  const ofLength = (length: number) => {
    const claims = (note: string) => sign(forge, { note })
    const [short, long] = [claims(""), claims("x".repeat(300))]
    const perCharacter = (long.length - short.length) / 300
    return claims("x".repeat(Math.floor((length - short.length) / perCharacter)))
  }
  const [short, long] = [ofLength(1_000), ofLength(1_004)]
  expect(short.length).toBeLessThanOrEqual(1_000)
  expect(long.length).toBeGreaterThan(1_000)
  expect(await responsesTo(short)).toMatchObject([{ status: 200 }, { status: 200 }])
  expect(await responsesTo(long)).toEqual(await plainRefusal())
})

test("a token signed with the previous secret is accepted", async () => {
  const { forge } = await signIn("previous")
  expect(await responsesTo(sign(forge))).toMatchObject([{ status: 200 }, { status: 200 }])
})
