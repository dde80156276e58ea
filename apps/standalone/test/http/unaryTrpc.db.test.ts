import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest"
import * as unary from "../../../../packages/api/src/trpc/unaryTrpc.ts"
import { register, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let accessToken: string
let apiKey: string
let id: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  accessToken = (await register(server.url)).accessToken
  const { body } = await rest(server.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  apiKey = body.key
  id = body.id
})
afterAll(() => server[Symbol.asyncDispose]())

const wrap = (json: unknown) => encodeURIComponent(JSON.stringify({ json }))
const wrapBatch = (...inputs: unknown[]) =>
  encodeURIComponent(JSON.stringify(Object.fromEntries(inputs.map((json, index) => [index, { json }]))))

type Init = RequestInit & { headers?: Record<string, string> }
const asKey = (): Init => ({ headers: { "x-api-key": apiKey } })
const post = (body: string, headers: Record<string, string> = {}): Init => ({
  method: "POST",
  headers: { "content-type": "application/json", authorization: `Bearer ${accessToken}`, ...headers },
  body,
})
const json = (value: unknown) => JSON.stringify(value)

/** The response without the parts that differ between any two responses. */
function comparable({ status, headers, body }: { status: number; headers: Headers; body: string }) {
  const {
    date: _,
    connection,
    "keep-alive": __,
    "transfer-encoding": ___,
    "content-length": ____,
    ...rest
  } = Object.fromEntries(headers)
  return {
    status,
    headers: {
      ...rest,
      "x-request-id": "",
      ...(rest.ratelimit !== undefined && { ratelimit: rest.ratelimit.replace(/r=\d+;t=\d+/, "") }),
    },
    body: body
      .replaceAll(/"requestId":"[^"]+"/g, '"requestId":""')
      .replaceAll(/"(id|key|start|accessToken|refreshToken)":"[^"]+"/g, '"$1":""')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, ""),
  }
}

async function call(path: string, init: Init) {
  const response = await fetch(`${server.url}/trpc/${path}`, init)
  return comparable({ status: response.status, headers: response.headers, body: await response.text() })
}

/** Functions, because the credentials are not known until the server runs. */
const requests: [string, () => [string, Init]][] = [
  ["a query by key", () => ["auth.me", asKey()]],
  ["a query without a credential", () => ["auth.me", {}]],
  ["a query with a bad credential", () => ["auth.me", { headers: { "x-api-key": "0".repeat(64) } }]],
  [
    "a query with two credentials",
    () => ["auth.me", { headers: { "x-api-key": apiKey, authorization: "Bearer x" } }],
  ],
  ["a query with input", () => [`apiKeys.list?input=${wrap({ limit: 1 })}`, asKey()]],
  ["a query with bad input", () => [`apiKeys.list?input=${wrap({ limit: 1000 })}`, asKey()]],
  ["a query with unexpected input", () => [`auth.me?input=${wrap({})}`, asKey()]],
  ["a query with input that is not JSON", () => ["apiKeys.list?input=%7B", asKey()]],
  [
    "a query with input that is not superjson",
    () => [`apiKeys.list?input=${encodeURIComponent("7")}`, asKey()],
  ],
  ["a query with null as input", () => ["apiKeys.list?input=null", asKey()]],
  ["a query with empty input", () => ["apiKeys.list?input=", asKey()]],
  ["a query with two inputs", () => [`apiKeys.list?input=${wrap({ limit: 1 })}&input=x`, asKey()]],
  ["a query with other parameters", () => ["auth.me?x=1", asKey()]],
  ["a query with batch=0", () => ["auth.me?batch=0", asKey()]],
  ["a batch", () => [`auth.me,apiKeys.list?batch=1&input=${wrapBatch(undefined, { limit: 1 })}`, asKey()]],
  ["a batch of one", () => ["auth.me?batch=1", asKey()]],
  ["a batch of one with empty input", () => ["auth.me?batch=1&input=%7B%7D", asKey()]],
  [
    "a batch with failures",
    () => [`auth.me,apiKeys.list?batch=1&input=${wrapBatch(undefined, { limit: 0 })}`, asKey()],
  ],
  ["a batch without a credential", () => ["auth.me,apiKeys.list?batch=1", {}]],
  ["a batch with a number as input", () => ["auth.me,apiKeys.list?batch=1&input=7", asKey()]],
  ["a batch with an array as input", () => ["auth.me,apiKeys.list?batch=1&input=[]", asKey()]],
  [
    "a batch with a hostile input",
    () => [`auth.me?batch=1&input=${encodeURIComponent('{"__proto__":{"0":1}}')}`, asKey()],
  ],
  ["a batch with an unknown procedure", () => ["auth.me,nothing?batch=1", asKey()]],
  ["a batch of a query and a mutation", () => ["auth.me,auth.logout?batch=1", asKey()]],
  ["a batch that is too large", () => [`${Array(21).fill("auth.me").join(",")}?batch=1`, asKey()]],
  ["a path with a comma that is not a batch", () => ["auth.me,auth.me", asKey()]],
  ["an unknown procedure", () => ["nothing", asKey()]],
  ["a procedure with a name that every object has", () => ["constructor", asKey()]],
  ["an encoded path", () => ["auth%2Eme", asKey()]],
  ["a badly encoded path", () => ["auth%E0%A4%Ame", asKey()]],
  [
    "a stream",
    () => ["auth.me?batch=1", { headers: { "x-api-key": apiKey, "trpc-accept": "application/jsonl" } }],
  ],
  [
    "a stream that is not a batch",
    () => ["auth.me", { headers: { "x-api-key": apiKey, accept: "application/jsonl" } }],
  ],
  ["a HEAD", () => ["auth.me", { ...asKey(), method: "HEAD" }]],
  ["a mutation by GET", () => [`apiKeys.revoke?input=${wrap({ id })}`, asKey()]],
  ["a query by POST", () => ["auth.me", post("{}")]],
  ["a mutation", () => ["apiKeys.create", post(json({ json: { label: "y" } }))]],
  [
    "a mutation with a date",
    () => [
      "apiKeys.create",
      post(
        json({
          json: { label: "y", expiresAt: "2999-01-01T00:00:00.000Z" },
          meta: { values: { expiresAt: ["Date"] } },
        }),
      ),
    ],
  ],
  [
    "a mutation with a charset",
    () => [
      "apiKeys.create",
      post(json({ json: { label: "y" } }), { "content-type": "application/json; charset=utf-8" }),
    ],
  ],
  ["a mutation of an unknown id", () => ["apiKeys.revoke", post(json({ json: { id: "none" } }))]],
  ["a mutation with bad input", () => ["apiKeys.create", post(json({ json: { label: "" } }))]],
  ["a mutation without a body", () => ["apiKeys.create", post("")]],
  ["a mutation with a body that is not JSON", () => ["apiKeys.create", post("{")]],
  ["a mutation with null as body", () => ["apiKeys.create", post("null")]],
  [
    "a mutation with hostile superjson",
    () => [
      "apiKeys.create",
      post(json({ json: { label: "y" }, meta: { values: { "__proto__.x": ["Date"] } } })),
    ],
  ],
  [
    "a batch of mutations",
    () => [
      "apiKeys.revoke,apiKeys.revoke?batch=1",
      post(json({ 0: { json: { id: "a" } }, 1: { json: { id: "b" } } })),
    ],
  ],
  ["a failed sign-in", () => ["auth.login", post(json({ json: { email: "x@example.com", password: "x" } }))]],
]

describe("a unary call gets the same response as from tRPC's own adapter", () => {
  test.each(requests)("%s", async (_, request) => {
    const [path, init] = request()
    const ours = await call(path, init)
    const spy = vi.spyOn(unary, "readUnaryCalls").mockReturnValue(null)
    const theirs = await call(path, init)
    expect(spy).toHaveBeenCalledOnce()
    spy.mockRestore()

    expect(ours).toEqual(theirs)
  })
})
