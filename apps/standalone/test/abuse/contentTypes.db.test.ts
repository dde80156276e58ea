import { describe, expect, test } from "vitest"
import { CREATE, request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()

const OTHER_TYPES = [
  ...["text/plain", "text/json", "text/html", "text/xml", "application/xml", "application/octet-stream"],
  ...["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/mixed"],
  ...["application/jsonp", "application/json2", "application/json-patch+json", "application/vnd.api+json"],
  ...["application/ld+json", "application/problem+json", "application/x-ndjson", "application/jsonl"],
  ...["application/graphql", "application/cbor", "application/msgpack", "application/x-protobuf"],
  ...["", "*/*", "application/*", "application", "application/", "/json", "json", "application /json"],
  ...["application/json, text/plain", "text/plain, application/json", "text/plain; application/json"],
  ...['"application/json"', "application\\json", "application%2Fjson", "application/json\u00a0"],
]

const JSON_TYPES = [
  ...["application/json", "APPLICATION/JSON", "application/json;charset=utf-8", "application/json ; x=y"],
  ...["application/json;", "application/json; charset=utf-16", "\tapplication/json\t"],
]

describe.each(CREATE)("over $surface", ({ path, wrap }) => {
  /** Sends a creation of a key with these headers. */
  const send = (headers: string[], label = "x") => {
    const authorization = `Authorization: Bearer ${target().accessToken}`
    return target().send(
      request(`POST ${path}`, [authorization, ...headers], wrap(JSON.stringify({ label }))),
    )
  }

  test.each(OTHER_TYPES)("a body of type %j is refused", async (type) => {
    const marker = newMarker()
    const reply = await send([`Content-Type: ${type}`], marker)
    expect(reply?.status).toBe(415)
    expect(reply?.body).toContain('"UNSUPPORTED_MEDIA_TYPE"')
    if (reply) expectHarmless(reply, marker)
  })

  test("a body without a type or with two is refused", async () => {
    const json = "Content-Type: application/json"
    expect(await send([])).toMatchObject({ status: 415 })
    expect(await send([json, "Content-Type: text/plain"])).toMatchObject({ status: 415 })
    expect(await send(["Content-Type: text/plain", json])).toMatchObject({ status: 415 })
  })

  test.each(JSON_TYPES)("a body of type %j is read", async (type) => {
    expect(await send([`Content-Type: ${type}`], "")).toMatchObject({
      status: 400,
      body: expect.stringContaining("label"),
    })
  })

  test.each(["gzip", "br", "deflate", "zstd", "compress", "x", "gzip, identity", "identity, identity"])(
    "a body with the encoding %j is refused",
    async (encoding) => {
      const headers = ["Content-Type: application/json", `Content-Encoding: ${encoding}`]
      expect(await send(headers)).toMatchObject({ status: 415 })
    },
  )
})
