import { connect, gate } from "@latchkey/test-postgres"
import bcrypt from "bcrypt"
import { afterEach, expect, inject, test, vi } from "vitest"
import { newSecret, registerWithKey, rest } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"
import { startTwo } from "./startTwo.ts"

afterEach(() => vi.restoreAllMocks())

const fetchStatus = async (url: string, apiKey: string) =>
  (await rest(url, "GET", "/auth/me", { apiKey })).status

const revoke = (url: string, { id, accessToken }: { id: string; accessToken: string }) =>
  rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })

async function readRow(databaseUrl: string, id: string) {
  const sql = connect(databaseUrl)
  const [row] = await sql`select key_hash, receipt, receipt_secret_id from api_keys where id = ${id}`
  await sql.end()
  return row
}

const wiped = { key_hash: null, receipt: null, receipt_secret_id: null }

test("a read that began before a revocation is not shared with calls that arrived after it", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const key = await registerWithKey(two.a)
  expect(await fetchStatus(two.b, key.apiKey)).toBe(200)

  const hasRead = two.proxy.hold("database")
  const early = fetchStatus(two.b, key.apiKey)
  await hasRead
  expect((await revoke(two.a, key)).status).toBe(204)
  const late = [fetchStatus(two.b, key.apiKey), fetchStatus(two.b, key.apiKey)]
  // When this returns, the late calls have arrived.
  await rest(two.b, "GET", "/healthz")
  two.proxy.release()

  expect(await Promise.all(late)).toEqual([401, 401])
  // This call arrived before the revocation, and the key was active when it was read.
  expect(await early).toBe(200)
  expect(await fetchStatus(two.b, key.apiKey)).toBe(401)
  expect(await readRow(two.databaseUrl, key.id)).toEqual(wiped)
})

test("a receipt is not renewed if its key is revoked meanwhile, and the call is rejected", async () => {
  const old = newSecret()
  await using two = await startTwo(inject("postgresUrl"), {
    a: { AUTH_SECRET: old },
    b: { AUTH_SECRET: newSecret(), AUTH_SECRET_PREVIOUS: old },
  })
  const key = await registerWithKey(two.a)
  await rest(two.b, "GET", "/readyz")

  const hasRead = two.proxy.hold("database")
  const verdict = fetchStatus(two.b, key.apiKey)
  await hasRead
  await revoke(two.a, key)
  two.proxy.release()

  expect(await verdict).toBe(401)
  expect(await readRow(two.databaseUrl, key.id)).toEqual(wiped)
})

test("a key that is revoked on another instance while its bcrypt runs is rejected", async () => {
  await using two = await startTwo(inject("postgresUrl"), {
    b: { AUTH_SECRET: newSecret() },
  })
  const key = await registerWithKey(two.a)
  const compare = bcrypt.compare.bind(bcrypt)
  const [begun, resumed] = [gate(), gate()]
  vi.spyOn(bcrypt, "compare").mockImplementation(async (text: string | Buffer, hash: string) => {
    begun.open()
    await resumed.opened
    return compare(text, hash)
  })

  const verdict = fetchStatus(two.b, key.apiKey)
  await begun.opened
  expect((await revoke(two.a, key)).status).toBe(204)
  const late = fetchStatus(two.b, key.apiKey)
  resumed.open()

  expect(await Promise.all([verdict, late])).toEqual([401, 401])
  expect(await readRow(two.databaseUrl, key.id)).toEqual(wiped)
})

test.each(["the receipt", "the revocation"])(
  "%s is written first: no receipt is left, and the key is rejected",
  async (first) => {
    await using two = await startTwo(inject("postgresUrl"), {
      b: { AUTH_SECRET: newSecret() },
    })
    const key = await registerWithKey(two.a)
    const lock = await holdLock(
      two.databaseUrl,
      (sql) => sql`select from api_keys where id = ${key.id} for update`,
    )
    const verify = () => fetchStatus(two.b, key.apiKey)
    const sendRevocation = async () => (await revoke(two.a, key)).status

    const isReceiptFirst = first === "the receipt"
    const one = isReceiptFirst ? verify() : sendRevocation()
    await lock.untilWaiting(1)
    const other = isReceiptFirst ? sendRevocation() : verify()
    await lock.untilWaiting(2)
    await lock.release()

    expect(await Promise.all([one, other])).toEqual(isReceiptFirst ? [200, 204] : [204, 401])
    expect(await fetchStatus(two.b, key.apiKey)).toBe(401)
    expect(await readRow(two.databaseUrl, key.id)).toEqual(wiped)
  },
)
