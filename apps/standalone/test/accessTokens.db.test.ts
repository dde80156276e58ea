import { createDatabase } from "@latchkey/db"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { createKeyring } from "../../../packages/auth/src/crypto/keyring.ts"
import { createForge, type Forge } from "../../../packages/auth/test/hostileTokens/forge.ts"
import { hostileTokens } from "../../../packages/auth/test/hostileTokens/index.ts"
import { newSecret, register, rest, startServerOnPostgres } from "./testServer.ts"

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

/** A live session of a new user, and a forge for it under one of the server's secrets. */
async function signIn(secret: keyof typeof secrets = "current") {
  const user = await register(server.url)
  const { items } = (await rest(server.url, "GET", "/auth/sessions", user)).body
  const subject = { userId: user.user.id, sessionId: items[0].id as string }
  const keys = createKeyring({ current: secrets[secret] }).current
  return { ...user, subject, forge: createForge(keys, subject) }
}

const sign = ({ sign, header, payload }: Forge, claims: object = {}) =>
  sign(header, { ...payload, ...claims })

/** What both surfaces say to a token, without what differs between any two answers. */
async function answersTo(accessToken: string) {
  const answers = await Promise.all(
    ["/auth/me", "/trpc/auth.me"].map((path) => rest(server.url, "GET", path, { accessToken })),
  )
  return answers.map(({ status, headers, body }) => ({
    status,
    challenge: headers.get("www-authenticate"),
    body: JSON.stringify(body).replace(headers.get("x-request-id") ?? "no id", ""),
  }))
}

const REFUSED = { status: 401, challenge: 'Bearer realm="latchkey"' }
const refusal = {
  code: "UNAUTHORIZED",
  reason: "UNAUTHENTICATED",
  message: expect.any(String),
  requestId: "",
}

/** What both surfaces say to a token that is plainly none. Every other refusal has to be the same to the letter. */
async function plainRefusal() {
  const answers = await answersTo("x")
  expect(answers).toMatchObject([REFUSED, REFUSED])
  expect(JSON.parse(answers[0]?.body ?? "")).toEqual(refusal)
  expect(JSON.parse(answers[1]?.body ?? "").error.json.data).toEqual({
    code: "UNAUTHORIZED",
    httpStatus: 401,
    reason: "UNAUTHENTICATED",
    requestId: "",
  })
  return answers
}

test("a hostile token is refused on both surfaces like any other, without a hint at what is wrong", async () => {
  const { subject, forge } = await signIn()
  const expected = await plainRefusal()
  const sent = (await hostileTokens(keyring.current, subject)).filter(([, token]) => isCredential(token))
  expect(sent.length).toBeGreaterThan(300)
  // The verifier remembers good tokens, and must not take one of these for one of them.
  expect(await answersTo(sign(forge))).toMatchObject([{ status: 200 }, { status: 200 }])

  for (const [name, token] of sent) expect(await answersTo(token), name).toEqual(expected)
  expect(server.log.join("")).not.toContain('"level":50')
})

/** What can be sent as one: no blank or control character, and no comma, which stands between two credentials. */
const isCredential = (token: string) => /^[!-+\--~]+$/.test(token)

test("a comma makes two credentials of a token", async () => {
  const { subject } = await signIn()
  const withComma = (await hostileTokens(keyring.current, subject)).filter(
    ([, token]) => token.includes(",") && isCredential(token.replaceAll(",", "")),
  )
  expect(withComma.length).toBeGreaterThan(3)
  for (const [name, token] of withComma) {
    const answers = await answersTo(token)
    expect(answers, name).toMatchObject([{ status: 400 }, { status: 400 }])
    for (const { body } of answers) expect(body).toContain('"AMBIGUOUS_CREDENTIALS"')
  }
})

describe("a token is refused like any other", () => {
  test("of a session that is another user's", async () => {
    const [ada, bob] = [await signIn(), await signIn()]
    const stolen = [
      sign(ada.forge, { sub: bob.subject.userId }),
      sign(ada.forge, { sid: bob.subject.sessionId }),
    ]
    for (const token of stolen) expect(await answersTo(token)).toEqual(await plainRefusal())
  })

  test("of a session that never was", async () => {
    const { forge, subject } = await signIn()
    const token = sign(forge, { sid: subject.userId })
    expect(await answersTo(token)).toEqual(await plainRefusal())
  })

  test("of a session that has ended, whoever made the token", async () => {
    const { forge, accessToken } = await signIn()
    expect(await answersTo(sign(forge))).toMatchObject([{ status: 200 }, { status: 200 }])
    await rest(server.url, "POST", "/auth/logout", { accessToken })
    for (const token of [sign(forge), accessToken]) {
      expect(await answersTo(token)).toEqual(await plainRefusal())
    }
  })

  test("of a user who is disabled", async () => {
    const { accessToken, subject } = await signIn()
    const { db, close } = await createDatabase(server.shared.DATABASE_URL)
    await db.execute(sql`update users set disabled_at = now() where id = ${subject.userId}`)
    await close()
    expect(await answersTo(accessToken)).toEqual(await plainRefusal())
  })

  test("of another server secret", async () => {
    const { subject } = await signIn()
    const keys = createKeyring({ current: newSecret() }).current
    const { header, payload, sign } = createForge(keys, subject)
    for (const kid of [keys.id, keyring.current.id]) {
      expect(await answersTo(sign({ ...header, kid }, payload))).toEqual(await plainRefusal())
    }
  })
})

test("a token under the previous secret is good", async () => {
  const { forge } = await signIn("previous")
  expect(await answersTo(sign(forge))).toMatchObject([{ status: 200 }, { status: 200 }])
})
