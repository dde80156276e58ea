import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, inject } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"
import { openConnection } from "./rawConnection.ts"
import type { RawReply } from "./takeReply.ts"

/** Starts a server with two users: one who abuses it, and a bystander who must not be affected. */
async function startTarget(variables: Record<string, string> = {}) {
  const server = await startServerOnPostgres(inject("postgresUrl"), variables)
  const { url, metricsUrl } = server
  const [abuser, bystander] = [await register(url), await register(url)]
  const createKey = async ({ accessToken }: { accessToken: string }) =>
    (await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })).body.key as string
  const [apiKey, bystanderKey] = [await createKey(abuser), await createKey(bystander)]

  return {
    url,
    metricsUrl: metricsUrl ?? "",
    apiKey,
    accessToken: abuser.accessToken,

    /** Sends raw bytes on a new connection, and returns the first response. */
    async send(request: string | Uint8Array, options?: { hasBody?: boolean }): Promise<RawReply | null> {
      using connection = openConnection(url)
      connection.write(request)
      return await connection.read(options)
    },

    /** Asserts that the bystander is served, no error was logged, and no prototype was polluted. */
    async expectUnharmed() {
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
      for (const path of ["/auth/me", "/trpc/auth.me"]) {
        const { accessToken } = bystander
        for (const credential of [{ accessToken }, { apiKey: bystanderKey }]) {
          expect((await rest(url, "GET", path, credential)).status).toBe(200)
        }
      }
      expect(server.log.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
      expect(Object.keys(Object.prototype)).toEqual([])
      expect({}).not.toHaveProperty("polluted")
    },

    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Starts a target for the tests of a file, and asserts after them that it is unharmed. */
export function useTarget(variables?: Record<string, string>) {
  let target: Awaited<ReturnType<typeof startTarget>> | undefined
  beforeAll(async () => {
    target = await startTarget(variables)
  })
  afterAll(async () => {
    await target?.expectUnharmed()
    await target?.[Symbol.asyncDispose]()
  })
  return () => {
    if (!target) throw new TypeError("the target is not running yet")
    return target
  }
}

/**
 * Text to put into input and to look for in responses. It is longer than the field names that an error may repeat, and
 * has only characters that no encoding changes.
 */
export const newMarker = () => `mark${randomBytes(16).toString("hex")}`

/** Asserts that a response is no server error, has a request id, and on failure has a reason and none of the input. */
export function expectHarmless({ status, headers, body }: RawReply, marker: string) {
  expect(status).toBeLessThan(500)
  expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  expect([...headers.values()].join("\n").toLowerCase()).not.toContain(marker)
  if (status < 400) return
  expect(body.toLowerCase()).not.toContain(marker)
  expect(body).not.toMatch(/node_modules|\.ts:|\bat .*:\d+:\d+|Error:/)
  if (body !== "") expect(reasonsIn(body).length).toBeGreaterThan(0)
}

/** The reasons in a response from REST or tRPC, or to a batch. Throws if it is not JSON. */
function reasonsIn(body: string): string[] {
  const parsed: unknown = JSON.parse(body)
  return (Array.isArray(parsed) ? parsed : [parsed]).flatMap(
    (one) => one.reason ?? one.error?.json.data.reason ?? [],
  )
}
