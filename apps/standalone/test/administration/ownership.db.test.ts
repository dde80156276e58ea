import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { allProcedures, surfaces, type TestedProcedure } from "../http/procedures.ts"
import { type RestCall, register, rest, startServerOnPostgres } from "../testServer.ts"

type User = Awaited<ReturnType<typeof register>>

/** A kind of resource that users own. */
interface Resource {
  /** Creates one for this user, and returns its id. */
  create(owner: User): Promise<string>
  /** All resources of this kind that this user can see. */
  list(owner: User): Promise<unknown>
}

/** By router and input field. A test below fails for a procedure whose id field is missing here. */
const RESOURCES: Record<string, Resource> = {
  "apiKeys.id": {
    create: async (owner) => (await createKey(owner)).id,
    async list({ accessToken }) {
      const { body } = await rest(server.url, "GET", "/auth/apikeys?status=all", { accessToken })
      // `lastUsedAt` is written some time after a key was used.
      return body.items.map(({ lastUsedAt: _, ...apiKey }: Record<string, unknown>) => apiKey)
    },
  },
  "sessions.id": {
    async create({ email, password }) {
      const signedIn = await rest(server.url, "POST", "/auth/login", { body: { email, password } })
      const { accessToken } = signedIn.body
      return (await rest(server.url, "GET", "/auth/sessions", { accessToken })).body.items[0].id
    },
    list: async ({ accessToken }) => (await rest(server.url, "GET", "/auth/sessions", { accessToken })).body,
  },
}

/** Fields that narrow a list of the caller's own. */
const FILTERS = ["audit.apiKeyId"]

/** Procedures that an API key may call only with its own id. */
const FORBIDDEN_TO_KEYS = ["apiKeys.revoke"]

/** Without administrators' procedures, which act on other users' resources and which `access.db.test.ts` covers. */
const ownersProcedures = allProcedures.filter(({ operation }) =>
  ["anyone", "jwt", "jwtOrKey"].includes(operation.access),
)

/** The input fields that are ids: those with such a name, and all path parameters. */
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

test("the procedures that take an id and the lists are found", () => {
  expect(cases.map(({ path }) => path)).toEqual(expect.arrayContaining(["apiKeys.revoke", "sessions.revoke"]))
  expect(lists.map(({ path }) => path)).toContain("apiKeys.list")
})

test.each(cases)("the $field of $path is tested here", ({ kind }) => {
  expect([...Object.keys(RESOURCES), ...FILTERS]).toContain(kind)
})

describe.each(surfaces)("over %s", (_, call) => {
  for (const { procedure, path, field, kind } of cases) {
    const resource = RESOURCES[kind]
    if (!resource) continue

    test(`${path}: another user's id is not found, like an unknown one, and nothing changes`, async () => {
      const notFound = { status: 404, reason: "NOT_FOUND" }
      const forKeys = FORBIDDEN_TO_KEYS.includes(path) ? { status: 403, reason: "FORBIDDEN" } : notFound
      const refusals: [RestCall, object][] = [[{ accessToken: bob.accessToken }, notFound]]
      if (procedure.operation.access === "jwtOrKey") refusals.push([{ apiKey: bobsKey }, forKeys])
      const id = await resource.create(ada)
      const before = [await resource.list(ada), await resource.list(bob)]

      for (const [credential, refusal] of refusals) {
        const response = await call(server.url, procedure, { [field]: id }, credential)
        const responseToUnknown = await call(server.url, procedure, { [field]: randomUUID() }, credential)
        expect(response).toMatchObject(refusal)
        expect(withoutRequestId(response)).toEqual(withoutRequestId(responseToUnknown))
      }
      expect([await resource.list(ada), await resource.list(bob)]).toEqual(before)
    })

    test(`${path}: the user's own id is found`, async () => {
      const id = await resource.create(ada)
      const response = await call(server.url, procedure, { [field]: id }, { accessToken: ada.accessToken })
      expect(response.status).toBeLessThan(300)
    })
  }

  test.each(cases.filter(({ kind }) => FILTERS.includes(kind)))(
    "$path: another user's $field matches nothing, like an unknown one",
    async ({ procedure, field }) => {
      const { id } = await createKey(ada)
      const find = async (value: string, { accessToken }: User) =>
        idsIn(await call(server.url, procedure, { [field]: value }, { accessToken }))
      expect((await find(id, ada)).length).toBeGreaterThan(0)
      expect(await find(id, bob)).toEqual([])
      expect(await find(randomUUID(), bob)).toEqual([])
    },
  )

  test.each(lists)("$path: another user's cursor gives no access to that user's items", async (procedure) => {
    const page = (input: { limit: number; cursor?: string }, { accessToken }: User) =>
      call(server.url, procedure, input, { accessToken })
    const cursor = /"nextCursor":"([^"]+)"/.exec((await page({ limit: 1 }, ada)).text)?.[1]
    if (cursor === undefined) throw new Error("the list is too short to have a cursor")

    const [adas, bobs] = [idsIn(await page({ limit: 100 }, ada)), idsIn(await page({ limit: 100 }, bob))]
    const seen = idsIn(await page({ limit: 100, cursor }, bob))
    expect(seen.length).toBeGreaterThan(0)
    expect(bobs).toEqual(expect.arrayContaining(seen))
    expect(bobs.filter((id) => adas.includes(id))).toEqual([])
  })
})

const idsIn = ({ text }: { text: string }) => Array.from(text.matchAll(/"id":"?([\w-]+)/g), ([, id]) => id)

const withoutRequestId = ({ text, ...response }: { status: number; text: string }) => ({
  ...response,
  text: text.replaceAll(/"requestId":"[^"]+"/g, ""),
})
