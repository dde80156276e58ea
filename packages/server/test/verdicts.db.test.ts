import { isDeepStrictEqual } from "node:util"
import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { type ImportedKey, importKeys } from "../../auth/test/importKeys.ts"
import { startIssuer } from "../../auth/test/startIssuer.ts"
import { newSecret } from "./startLatchkey.ts"
import { ASKS, type Ask } from "./verdicts/asks.ts"
import { apiKeyCaller, asUser, createCallers, type TestCaller } from "./verdicts/callers.ts"
import { type Answer, createDoors, type Door } from "./verdicts/doors.ts"
import { DECLARED, differenceAt, expectedVerdict } from "./verdicts/expected.ts"
import { startProduct } from "./verdicts/startProduct.ts"
import { toPage } from "./verdicts/toPage.ts"

/** How many questions are under way at once: fewer than a server refuses for one client. */
const CONCURRENCY = 64

/** The settings of a product, with a database and an issuer that end with the test. */
async function createSetting() {
  const database = await createTestDatabase(inject("postgresUrl"))
  const issuer = await startIssuer()
  onTestFinished(async () => {
    await issuer[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })
  const configured = { bootstrap: newSecret(), introspection: newSecret() }
  return { databaseUrl: database.url, secret: newSecret(), issuer, configured }
}

async function start(setting: Awaited<ReturnType<typeof createSetting>>) {
  const product = await startProduct({ ...setting, issuer: setting.issuer.url })
  onTestFinished(() => product[Symbol.asyncDispose]())
  return { product, doors: createDoors(product, setting.configured.introspection) }
}

function expectedAnswer({ standing, owner }: TestCaller, { scopes }: Ask, { kind }: Door): Answer {
  const verdict = differenceAt(kind, standing, scopes)?.verdict ?? expectedVerdict(standing, scopes)
  if (verdict !== "accepted" || standing.is !== "valid" || !owner) return { verdict }
  return { verdict, caller: { ...owner, scopes: standing.scopes } }
}

/** Asks again where a busy machine had no verdict in time. */
async function askUntilAnswered(door: Door, caller: TestCaller, ask: Ask): Promise<Answer | null> {
  const found = await door.ask(caller, ask)
  return found?.verdict.startsWith("503") ? askUntilAnswered(door, caller, ask) : found
}

test("every way to ask gives the same verdict on a caller for the same scopes", async () => {
  const setting = await createSetting()
  const { product, doors } = await start(setting)
  const callers = await createCallers(product.latchkey, setting)
  const cells = callers.flatMap((caller) =>
    ASKS.flatMap((ask) => doors.map((door) => ({ caller, ask, door }))),
  )
  const count = { asked: 0, refused: 0 }
  const wrong: Record<string, object> = {}

  async function work() {
    for (let cell = cells.pop(); cell; cell = cells.pop()) {
      const { caller, ask, door } = cell
      const found = await askUntilAnswered(door, caller, ask)
      if (found === null) continue
      count.asked++
      if (found.verdict !== "accepted") count.refused++
      const expected = expectedAnswer(caller, ask, door)
      // Some doors don't tell whom they have accepted.
      const same =
        found.verdict === expected.verdict &&
        (!found.caller || isDeepStrictEqual(found.caller, expected.caller))
      if (!same) wrong[`${caller.name}, asked for ${ask.name}, by ${door.name}`] = { found, expected }
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))

  expect(wrong).toEqual({})
  expect(count.asked).toBeGreaterThan(3_000)
  expect(count.asked - count.refused).toBeGreaterThan(500)
  await expect(toPage(callers, ASKS, doors)).toMatchFileSnapshot("../../../docs/verdicts.md")
})

const TRIALS = 200

test(`${TRIALS} keys are revoked at one instance while in use at another, which then accepts none of them in any way`, async () => {
  const setting = await createSetting()
  const [{ product: a }, { doors }] = [await start(setting), await start(setting)]
  await a.latchkey.migrate()
  const owner = { issuer: "host", subject: "org_42" }
  const keys = await importKeys(
    setting.databaseUrl,
    Array.from({ length: TRIALS }, () => owner),
  )
  const [nothing, scope] = ASKS as [Ask, Ask]
  /** Asks every door at once about a key. */
  const askAll = ({ key }: ImportedKey) => {
    const caller = apiKeyCaller("a key", key, { is: "valid", via: "apiKey", scopes: DECLARED }, owner)
    return Promise.all(
      doors.map(async (door) => {
        const answer = await door.ask(caller, door.kind === "own" ? nothing : scope)
        return [door.name, answer?.verdict] as const
      }),
    )
  }
  const all = (verdict: string) => doors.map(({ name }) => [name, verdict])
  expect(await askAll(keys[0] as ImportedKey)).toEqual(all("accepted"))

  const wrong: unknown[] = []
  const remaining = [...keys]
  async function work() {
    for (let key = remaining.pop(); key; key = remaining.pop()) {
      // These answers may be either.
      const early = askAll(key)
      const { status } = await fetch(`${a.url}/latchkey/auth/apikeys/${key.id}`, {
        method: "DELETE",
        headers: { ...asUser(owner.subject), origin: a.url },
      })
      if (status !== 204) wrong.push(status)
      wrong.push(...(await askAll(key)).filter(([, verdict]) => verdict !== "unauthenticated"))
      const unclear = (await early).filter(
        ([, verdict]) => !/^(accepted|unauthenticated)$/.test(verdict ?? ""),
      )
      wrong.push(...unclear)
    }
  }
  await Promise.all(Array.from({ length: 4 }, work))
  expect(wrong).toEqual([])
})
