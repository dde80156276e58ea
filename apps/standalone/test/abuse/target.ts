import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, inject } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"
import { openConnection } from "./rawConnection.ts"
import type { RawReply } from "./takeReply.ts"

/** A server to abuse, with somebody who does it and somebody who must not notice. */
async function startTarget(variables: Record<string, string> = {}) {
  const server = await startServerOnPostgres(inject("postgresUrl"), variables)
  const { url, metricsUrl } = server
  const [abuser, bystander] = [await register(url), await register(url)]
  const apiKeyOf = async ({ accessToken }: { accessToken: string }) =>
    (await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })).body.key as string
  const [apiKey, bystandersKey] = [await apiKeyOf(abuser), await apiKeyOf(bystander)]

  return {
    url,
    metricsUrl: metricsUrl ?? "",
    apiKey,
    accessToken: abuser.accessToken,

    /** Sends one request as it is, on a connection of its own. */
    async send(request: string | Uint8Array, options?: { hasBody?: boolean }): Promise<RawReply | null> {
      using connection = openConnection(url)
      connection.write(request)
      return await connection.read(options)
    },

    /** That everybody else is served as before, and that nothing went wrong inside. */
    async expectUnharmed() {
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
      for (const path of ["/auth/me", "/trpc/auth.me"]) {
        const { accessToken } = bystander
        for (const credential of [{ accessToken }, { apiKey: bystandersKey }]) {
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

/** A target for the tests of a file, which is to be unharmed when they are done. */
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
    if (!target) throw new TypeError("the target does not run yet")
    return target
  }
}

/**
 * Text to be put into input and looked for in answers. Longer than the names of fields that an error may repeat,
 * and of letters that no encoding changes.
 */
export const newMarker = () => `mark${randomBytes(16).toString("hex")}`

/** That an answer is one of the contract's: no mishap, an id, and for a failure a reason and nothing of the input. */
export function expectHarmless({ status, headers, body }: RawReply, marker: string) {
  expect(status).toBeLessThan(500)
  expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  expect([...headers.values()].join("\n").toLowerCase()).not.toContain(marker)
  if (status < 400) return
  expect(body.toLowerCase()).not.toContain(marker)
  expect(body).not.toMatch(/node_modules|\.ts:|\bat .*:\d+:\d+|Error:/)
  if (body !== "") expect(reasonsIn(body).length).toBeGreaterThan(0)
}

/** The reasons in an answer: of REST, of tRPC, or of a batch. Throws when it is not JSON. */
function reasonsIn(body: string): string[] {
  const answer: unknown = JSON.parse(body)
  return (Array.isArray(answer) ? answer : [answer]).flatMap(
    (one) => one.reason ?? one.error?.json.data.reason ?? [],
  )
}
