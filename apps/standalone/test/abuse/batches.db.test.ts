import { describe, expect, test } from "vitest"
import { CREATE, request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()
const trpcPath = CREATE[1]?.path ?? ""

const names = (count: number, name = "auth.me") => Array<string>(count).fill(name).join(",")

/** For both kinds of response: complete, and streamed call by call. */
describe.each([[], ["trpc-accept: application/jsonl"]])("with the headers %j", (...more) => {
  const headers = () => [
    `Authorization: Bearer ${target().accessToken}`,
    "Content-Type: application/json",
    ...more,
  ]
  const get = (calls: string) => target().send(request(`GET /trpc/${calls}`, headers()))
  const post = (calls: string, body: string) => target().send(request(`POST /trpc/${calls}`, headers(), body))

  test("20 calls are served and 21 are refused, whatever they call", async () => {
    expect(await get(`${names(20)}?batch=1`)).toMatchObject({ status: 200 })
    for (const calls of [
      ...[names(21), names(500), names(21, "nothing"), names(21, ""), names(21, "__proto__")],
      ...[`${names(20)},apiKeys.list`, names(20).concat("%2Cauth.me")],
    ]) {
      const reply = await get(`${calls}?batch=1`)
      expect(reply?.status, calls).toBe(400)
      expect(reply?.body).toContain('"INVALID_INPUT"')
      if (reply) expectHarmless(reply, newMarker())
    }
    expect(await post(`${names(21, "auth.login")}?batch=1`, "{}")).toMatchObject({ status: 400 })
  })

  test("a batch over the limit runs none of its calls", async () => {
    const input = JSON.stringify(
      Object.fromEntries(Array.from({ length: 21 }, (_, i) => [i, { json: { label: "over" } }])),
    )
    expect(await post(`${names(21, "apiKeys.create")}?batch=1`, input)).toMatchObject({ status: 400 })
    const list = await target().send(request("GET /auth/apikeys", headers()))
    expect(list?.body).toContain('"items"')
    expect(list?.body).not.toContain('"over"')
  })
})

const headers = () => [`Authorization: Bearer ${target().accessToken}`, "Content-Type: application/json"]
const VALID = '{"0":{"json":{"label":"x"}}}'

test("a query among mutations fails the whole batch", async () => {
  const reply = await target().send(request("POST /trpc/apiKeys.create,auth.me?batch=1", headers(), VALID))
  expect(reply).toMatchObject({ status: 400, body: expect.stringContaining('"INVALID_INPUT"') })
})

test.each([
  ["an unknown procedure among mutations", "apiKeys.revoke,nothing", [404, 404]],
  ["an empty name", ",apiKeys.revoke,", [404, 404, 404]],
])("%s fails alone", async (_, calls, statuses) => {
  const body = JSON.stringify(Object.fromEntries(statuses.map((_, i) => [i, { json: { id: "x" } }])))
  const reply = await target().send(request(`POST /trpc/${calls}?batch=1`, headers(), body))
  const responses = JSON.parse(reply?.body ?? "")
  expect(
    responses.map(
      (one: { error: { json: { data: { httpStatus: number } } } }) => one.error.json.data.httpStatus,
    ),
  ).toEqual(statuses)
})

test.each([
  ...[
    "[]",
    "[{}]",
    "null",
    "7",
    '"x"',
    "{}",
    '{"1":{"json":{"label":"x"}}}',
    '{"-0":{"json":{"label":"x"}}}',
  ],
  ...['{"00":{"json":{"label":"x"}}}', '{"__proto__":{"0":{"json":{"label":"x"}}}}', '{"length":1}'],
  ...['{"0":null}', '{"0":[]}', '{"0":{"json":{"label":""}},"0":{"json":{"label":""}}}', '{"0":{"json":[]}}'],
  `{${Array.from({ length: 5_000 }, (_, i) => `"${i + 1}":{}`).join(",")}}`,
])("a batch of one whose input is %s is refused", async (body) => {
  const marker = newMarker()
  const reply = await target().send(request(`POST ${trpcPath}?batch=1&x=${marker}`, headers(), body))
  expect(reply?.status).toBe(400)
  expect(reply?.body).toContain('"INVALID_INPUT"')
  if (reply) expectHarmless(reply, marker)
})

test.each([
  "batch=1&batch=1",
  "batch=0",
  "batch=2",
  "batch=true",
  "batch=1&input=",
  "batch=1&input={}&input=x",
])("?%s is read as one batch or as no batch", async (query) => {
  const reply = await target().send(request(`GET /trpc/auth.me?${query}`, headers()))
  expect(reply?.status).toBe(200)
  expect(reply?.body.startsWith("[")).toBe(query.startsWith("batch=1"))
})

test.each(["connectionParams=1", "connectionParams={}", 'connectionParams={"authorization":"Bearer%20x"}'])(
  "?%s is not read as a credential",
  async (query) => {
    const reply = await target().send(request(`GET /trpc/auth.me?${query}`))
    expect([400, 401]).toContain(reply?.status)
  },
)
