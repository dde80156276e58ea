import { expect, test } from "vitest"
import { createKeyring } from "../../../../packages/auth/src/crypto/keyring.ts"
import { createForge } from "../../../../packages/auth/test/hostileTokens/forge.ts"
import { register, rest } from "../testServer.ts"
import { useOwnerTokens } from "./useOwnerTokens.ts"

const tokens = useOwnerTokens()

test("neither kind of token can be taken for the other", async () => {
  const user = await register(tokens.url)
  const { items } = (await rest(tokens.url, "GET", "/auth/sessions", user)).body
  const keys = createKeyring({ current: tokens.secret }).current
  const forge = createForge(keys, { userId: user.user.id, sessionId: items[0].id })
  const call = (header: object, payload: object, key = keys.ownerTokenKey) =>
    tokens.list(forge.sign({ ...forge.header, ...header }, { ...forge.payload, ...payload }, { key }))
  const { accessToken } = await tokens.newToken()
  const payload = JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString())
  const own = { typ: "owner+jwt" }

  // The forge itself is right.
  expect((await call({}, {}, keys.accessTokenKey)).status).toBe(200)
  expect(
    (await tokens.list(forge.sign({ ...forge.header, ...own }, payload, { key: keys.ownerTokenKey }))).status,
  ).toBe(200)

  const refused = await Promise.all([
    call({}, {}),
    call(own, {}),
    call(own, {}, keys.accessTokenKey),
    call({}, payload, keys.accessTokenKey),
    call(own, payload, keys.accessTokenKey),
    call(own, { ...payload, aud: "latchkey" }),
    call({}, { ...payload, aud: "latchkey", sub: undefined, sid: undefined }, keys.accessTokenKey),
    call(own, { ...payload, sub_id: { format: "iss_sub", iss: "latchkey", sub: user.user.id } }),
    call(own, { ...payload, sub_id: { format: "account", uri: "acct:x@y" } }),
    call(own, { ...payload, client_fpr: "0123456789abcdef" }),
    call(own, { ...payload, client_fpr: undefined }),
    call(own, { ...payload, manage: "all" }),
    call(own, { ...payload, iat: 1, exp: 2 }),
  ])
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401))
})
