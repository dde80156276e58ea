import { describe, expect, test } from "vitest"
import { CREATE, request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()

/** Names of properties that every object has or seems to have. */
const NAMES = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "toJSON", "then"],
  ...["__defineGetter__", "__lookupGetter__", "isPrototypeOf", "length", "name", "call", "apply", "_def"],
]

describe.each(NAMES)("%s", (name) => {
  const authorization = () => `Authorization: Bearer ${target().accessToken}`
  const get = (path: string) => target().send(request(`GET ${path}`, [authorization()]))

  test("is neither a path nor a procedure", async () => {
    for (const path of [
      ...[
        `/${name}`,
        `/auth/${name}`,
        `/auth/me/${name}`,
        `/${name}/me`,
        `/trpc/${name}`,
        `/trpc/auth.${name}`,
      ],
      ...[`/trpc/apiKeys.${name}`, `/trpc/${name}.me`, `/trpc/auth.me.${name}`, `/trpc/auth.${name}.${name}`],
      ...[`/trpc/${name}?batch=1`, `/trpc/auth.${name},${name}?batch=1`],
    ]) {
      expect(await get(path), path).toMatchObject({ status: 404 })
      const post = request(`POST ${path}`, [authorization(), "Content-Type: application/json"], "{}")
      expect(await target().send(post), path).toMatchObject({ status: 404 })
    }
    for (const path of [`/auth/apikeys/${name}`, `/auth/sessions/${name}`]) {
      expect(await target().send(request(`DELETE ${path}`, [authorization()]))).toMatchObject({ status: 404 })
    }
  })

  test("is refused as a field of a query", async () => {
    const input = encodeURIComponent(`{"json":{"${name}":1}}`)
    for (const query of [
      ...[`/auth/me?${name}=x`, `/auth/apikeys?${name}=x`, `/auth/apikeys?${name}[polluted]=x`],
      ...[`/auth/apikeys?limit=1&${name}.polluted=x`, `/trpc/apiKeys.list?input=${input}`],
      `/trpc/apiKeys.list?batch=1&input=${encodeURIComponent(`{"0":{"json":{"${name}":{"polluted":1}}}}`)}`,
    ]) {
      expect(await get(query), query).toMatchObject({
        status: 400,
        body: expect.stringMatching(/unknown field|takes no input/),
      })
    }
  })

  test("is ignored as a parameter of tRPC", async () => {
    for (const query of [`?${name}=1`, `?input[${name}]=1`, `?batch=${name}`, `?${name}=1&batch=1`]) {
      expect(await get(`/trpc/auth.me${query}`), query).toMatchObject({ status: 200 })
    }
    const inputs = [`{"${name}":{"json":{"limit":0}}}`, `{"0":{"${name}":{"limit":0}}}`]
    for (const input of inputs.map(encodeURIComponent)) {
      expect(await get(`/trpc/apiKeys.list?batch=1&input=${input}`), input).toMatchObject({ status: 200 })
    }
  })

  test.each(CREATE)("is refused as a field of a body over $surface, at any depth", async ({ path, wrap }) => {
    const marker = newMarker()
    for (const json of [
      `{"label":"x","${name}":"${marker}"}`,
      `{"label":"x","${name}":{"polluted":"${marker}","label":"x"}}`,
      `{"label":{"${name}":{"polluted":"${marker}"}}}`,
      `{"label":[{"${name}":"${marker}"}]}`,
      `{"label":"x","expiresAt":{"${name}":"${marker}"}}`,
      `{"${name}":{"label":"x"}}`,
      `[{"${name}":{"polluted":"${marker}"}}]`,
      `{"label":"x","a":{"b":{"c":{"${name}":{"polluted":"${marker}"}}}}}`,
    ]) {
      const headers = [authorization(), "Content-Type: application/json"]
      const reply = await target().send(request(`POST ${path}`, headers, wrap(json)))
      expect(reply?.status, json).toBe(400)
      if (reply) expectHarmless(reply, marker)
    }
  })
})
