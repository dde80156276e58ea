import { describe, expect, test } from "vitest"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()

const input = (json: string) => `input=${encodeURIComponent(json)}`
const DOUBLE = '{"label":"x","label":"y"}'
const ESCAPED_DOUBLE = '{"label":"x","expiresAt":null,"\\u006cabel":"y"}'

/** Requests with a duplicate name in their JSON: method and path, additional headers, and body. */
const REQUESTS: Record<string, [string, string[], string | undefined]> = {
  "a REST body": ["POST /auth/apikeys", [], DOUBLE],
  "a REST body that escapes one of the names": ["POST /auth/apikeys", [], ESCAPED_DOUBLE],
  "a tRPC body": ["POST /trpc/apiKeys.create", [], `{"json":${DOUBLE}}`],
  "a tRPC envelope": ["POST /trpc/apiKeys.create", [], '{"json":{"label":"x"},"json":{"label":"y"}}'],
  "a tRPC batch": ["POST /trpc/apiKeys.create?batch=1", [], `{"0":{"json":${DOUBLE}}}`],
  "a tRPC batch with two inputs for one call": [
    "POST /trpc/apiKeys.create?batch=1",
    [],
    '{"0":{"json":{"label":"x"}},"0":{"json":{"label":"y"}}}',
  ],
  "a streamed batch": [
    "POST /trpc/apiKeys.create?batch=1",
    ["trpc-accept: application/jsonl"],
    `{"0":{"json":${ESCAPED_DOUBLE}}}`,
  ],
  "a tRPC query": [`GET /trpc/apiKeys.list?${input('{"json":{"limit":1,"limit":2}}')}`, [], undefined],
  "a batch of queries": [
    `GET /trpc/apiKeys.list?batch=1&${input('{"0":{"json":{"limit":1,"limit":2}}}')}`,
    [],
    undefined,
  ],
  "a streamed query": [
    `GET /trpc/apiKeys.list?batch=1&${input('{"0":{"json":{"limit":1,"limit":2}}}')}`,
    ["trpc-accept: application/jsonl"],
    undefined,
  ],
}

describe("a duplicate field is refused, and nothing changes", () => {
  test.each(Object.entries(REQUESTS))("in %s", async (_, [line, more, body]) => {
    const headers = [
      `Authorization: Bearer ${target().accessToken}`,
      "Content-Type: application/json",
      ...more,
    ]
    const list = () => target().send(request("GET /auth/apikeys?status=all", headers.slice(0, 1)))
    const before = (await list())?.body

    const reply = await target().send(request(line, headers, body))

    expect(reply?.body).toContain('"INVALID_INPUT"')
    expect(reply?.body).not.toContain('"data":{"id"')
    if (more.length === 0) expect(reply?.status).toBe(400)
    if (reply && more.length === 0) expectHarmless(reply, newMarker())
    expect((await list())?.body).toBe(before)
  })
})
