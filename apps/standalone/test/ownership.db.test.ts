import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { allProcedures, surfaces, type TestedProcedure } from "./procedures.ts"
import { type RestCall, register, rest, startServerOnPostgres } from "./testServer.ts"

type User = Awaited<ReturnType<typeof register>>

/** A kind of thing that users have and that an id stands for. */
interface Kind {
  /** A new one of this user; its id. */
  create(owner: User): Promise<string>
  /** All of this user's, as the user sees them. */
  see(owner: User): Promise<unknown>
}

/** By router and field. A procedure whose id is of no kind that stands here fails below. */
const KINDS: Record<string, Kind> = {
  "apiKeys.id": {
    create: async (owner) => (await createKey(owner)).id,
    async see({ accessToken }) {
      const { body } = await rest(server.url, "GET", "/auth/apikeys?status=all", { accessToken })
      // When a key was used is written at any time afterwards.
      return body.items.map(({ lastUsedAt: _, ...apiKey }: Record<string, unknown>) => apiKey)
    },
  },
  "sessions.id": {
    async create({ email, password }) {
      const signedIn = await rest(server.url, "POST", "/auth/login", { body: { email, password } })
      const { accessToken } = signedIn.body
      return (await rest(server.url, "GET", "/auth/sessions", { accessToken })).body.items[0].id
    },
    see: async ({ accessToken }) => (await rest(server.url, "GET", "/auth/sessions", { accessToken })).body,
  },
}

/** Procedures that an API key may call, but with no id except its own. */
const FORBIDDEN_TO_KEYS = ["apiKeys.revoke"]

/** Administrators reach what is others'; that nobody else does is for `access.test.ts` to show. */
const ownersProcedures = allProcedures.filter(({ operation }) =>
  ["anyone", "jwt", "jwtOrKey"].includes(operation.access),
)

/** The fields of a procedure's input that are ids, by their name or as they stand in a path. */
const idFields = ({ operation: { input, params = {} } }: TestedProcedure) => [
  ...new Set([
    ...Object.keys(input?.properties ?? {}).filter((name) => /(^id|_id|Id)s?$/.test(name)),
    ...Object.values(params),
  ]),
]

const cases = ownersProcedures.flatMap((procedure) =>
  idFields(procedure).map((field) => {
    const { path } = procedure
    return { procedure, path, field, kind: `${path.slice(0, path.lastIndexOf("."))}.${field}` }
  }),
)

const lists = ownersProcedures.filter(({ operation }) => operation.input?.properties?.cursor)

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let ada: User
let bob: User
let bobsKey: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  bob = await register(server.url)
  bobsKey = (await createKey(bob)).key
  ada = await register(server.url)
  await createKey(ada)
  await createKey(ada)
})
afterAll(() => server[Symbol.asyncDispose]())

async function createKey({ accessToken }: User): Promise<{ id: string; key: string }> {
  return (await rest(server.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })).body
}

test("the procedures that take an id are found, and the lists", () => {
  expect(cases.map(({ path }) => path)).toEqual(expect.arrayContaining(["apiKeys.revoke", "sessions.revoke"]))
  expect(lists.map(({ path }) => path)).toContain("apiKeys.list")
})

test.each(cases)("the $field of $path is of a kind that is tested here", ({ kind }) => {
  expect(Object.keys(KINDS)).toContain(kind)
})

describe.each(surfaces)("over %s", (_, call) => {
  for (const { procedure, path, field, kind } of cases) {
    const things = KINDS[kind]
    if (!things) continue

    test(`${path}: another user's is not found, like one that never was, and stays as it is`, async () => {
      const notFound = { status: 404, reason: "NOT_FOUND" }
      const forKeys = FORBIDDEN_TO_KEYS.includes(path) ? { status: 403, reason: "FORBIDDEN" } : notFound
      const refusals: [RestCall, object][] = [[{ accessToken: bob.accessToken }, notFound]]
      if (procedure.operation.access === "jwtOrKey") refusals.push([{ apiKey: bobsKey }, forKeys])
      const id = await things.create(ada)
      const before = [await things.see(ada), await things.see(bob)]

      for (const [credential, refusal] of refusals) {
        const answer = await call(server.url, procedure, { [field]: id }, credential)
        const toUnknown = await call(server.url, procedure, { [field]: randomUUID() }, credential)
        expect(answer).toMatchObject(refusal)
        expect(withoutRequestId(answer)).toEqual(withoutRequestId(toUnknown))
      }
      expect([await things.see(ada), await things.see(bob)]).toEqual(before)
    })

    test(`${path}: one's own is found`, async () => {
      const id = await things.create(ada)
      const answer = await call(server.url, procedure, { [field]: id }, { accessToken: ada.accessToken })
      expect(answer.status).toBeLessThan(300)
    })
  }

  test.each(lists)("$path: another user's cursor shows none of that user's", async (procedure) => {
    const page = (input: { limit: number; cursor?: string }, { accessToken }: User) =>
      call(server.url, procedure, input, { accessToken })
    const cursor = /"nextCursor":"([^"]+)"/.exec((await page({ limit: 1 }, ada)).text)?.[1]
    if (cursor === undefined) throw new Error("a list that the test leaves too short for a cursor")

    const [adas, bobs] = [idsIn(await page({ limit: 100 }, ada)), idsIn(await page({ limit: 100 }, bob))]
    const seen = idsIn(await page({ limit: 100, cursor }, bob))
    expect(seen.length).toBeGreaterThan(0)
    expect(bobs).toEqual(expect.arrayContaining(seen))
    expect(bobs.filter((id) => adas.includes(id))).toEqual([])
  })
})

const idsIn = ({ text }: { text: string }) => Array.from(text.matchAll(/"id":"?([\w-]+)/g), ([, id]) => id)

const withoutRequestId = ({ text, ...answer }: { status: number; text: string }) => ({
  ...answer,
  text: text.replaceAll(/"requestId":"[^"]+"/g, ""),
})
