import type { AppRouter } from "@latchkey/api"
import { connect } from "@latchkey/test-postgres"
import {
  createTRPCClient,
  getUntypedClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
} from "@trpc/client"
import superjson from "superjson"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"
import { allProcedures, SURFACES } from "./procedures.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let admin: Awaited<ReturnType<typeof registerWithKey>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  for (let users = 0; users < 2; users++) await registerWithKey(server.url)
  admin = await registerWithKey(server.url)
  await rest(server.url, "POST", "/auth/apikeys", {
    accessToken: admin.accessToken,
    body: { label: "y" },
  })
  const sql = connect(server.shared.DATABASE_URL)
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  await sql.end()
})
afterAll(() => server[Symbol.asyncDispose]())

const LINKS = { httpLink, httpBatchLink, httpBatchStreamLink }

const lists = allProcedures.filter(({ operation }) => operation.input?.properties?.cursor)
const others = allProcedures.filter((procedure) => !lists.includes(procedure))

test("the paged lists are found", () => {
  expect(lists.map(({ path }) => path).sort()).toEqual([
    "admin.apiKeys.list",
    "admin.users.list",
    "apiKeys.list",
    "audit.list",
  ])
})

describe.each(Object.entries(LINKS))("over %s", (_, link) => {
  const client = () =>
    getUntypedClient(
      createTRPCClient<AppRouter>({
        links: [
          link({
            url: `${server.url}/trpc`,
            transformer: superjson,
            headers: { authorization: `Bearer ${admin.accessToken}` },
          }),
        ],
      }),
    )

  /** Requests a page as infinite queries of `@trpc/tanstack-react-query` and `@trpc/react-query` do. */
  const readPage = async (path: string, input: object | undefined, pageParam: unknown, direction: string) =>
    (await client().query(path, {
      ...input,
      ...(pageParam !== undefined && { cursor: pageParam }),
      direction,
    })) as { items: { id: string }[]; nextCursor: string | null }

  test.each(lists)("an infinite query can page through $path", async ({ path }) => {
    for (const initial of [undefined, null]) {
      const first = await readPage(path, { limit: 1 }, initial, "forward")
      const second = await readPage(path, { limit: 1 }, first.nextCursor, "forward")
      const again = await readPage(path, { limit: 1 }, first.nextCursor, "backward")

      expect(first.items).toHaveLength(1)
      expect(second.items).toHaveLength(1)
      expect(second.items[0]?.id).not.toBe(first.items[0]?.id)
      expect(again).toEqual(second)
    }
    expect((await readPage(path, undefined, undefined, "forward")).items.length).toBeGreaterThan(1)
    await expect(client().query(path, { cursor: undefined })).resolves.toHaveProperty("items")
  })
})

test.each(lists)("$path refuses other directions, and any direction over REST", async (procedure) => {
  const credential = { accessToken: admin.accessToken }
  const refused = { status: 400, reason: "INVALID_INPUT", text: expect.stringContaining("direction") }
  for (const direction of ["sideways", 1, null, {}]) {
    expect(await SURFACES.tRPC(server.url, procedure, { direction }, credential)).toMatchObject(refused)
  }
  expect(await SURFACES.REST(server.url, procedure, { direction: "forward" }, credential)).toMatchObject(
    refused,
  )
})

test.each(others.filter(({ operation }) => operation.access !== "key"))(
  "$path refuses any direction",
  async (procedure) => {
    const { access } = procedure.operation
    const credential = access === "anyone" ? {} : { accessToken: admin.accessToken }
    const response = await SURFACES.tRPC(server.url, procedure, { direction: "forward" }, credential)
    expect(response).toMatchObject({ status: 400, reason: "INVALID_INPUT" })
  },
)

test("the OpenAPI document does not mention a direction", async () => {
  const { body } = await rest(server.url, "GET", "/openapi.json")
  expect(JSON.stringify(body)).not.toContain("direction")
})
