import { AuthError, DatabaseUnavailable } from "@latchkey/auth"
import type { Reason } from "@latchkey/contract"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import { expect, test } from "vitest"
import { appRouter } from "./appRouter.ts"
import type { Context } from "./context.ts"
import { noSessionCookie } from "./browserSession.ts"

/** What a client sees of an error that signing in ends with. */
async function signInFailingWith(error: Error) {
  const context: Context = {
    requestId: "r-1",
    accounts: { login: () => Promise.reject(error) } as Partial<Context["accounts"]> as Context["accounts"],
    apiKeys: {} as Context["apiKeys"],
    sessions: {} as Context["sessions"],
    audit: {} as Context["audit"],
    admin: {} as Context["admin"],
    sessionCookie: noSessionCookie,
    source: () => ({ address: "192.0.2.1", requestId: "test", device: null }),
    standing: null,
    hasCredential: () => false,
    authentication: () => Promise.reject(new Error("not asked for")),
    inTurn: (run) => run(),
  }
  const response = await fetchRequestHandler({
    endpoint: "/trpc",
    router: appRouter,
    createContext: () => context,
    req: new Request("http://localhost/trpc/auth.login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ json: { email: "a@company.tld", password: "p" } }),
    }),
  })
  const body = (await response.json()) as { error: { json: { data: object } } }
  return { status: response.status, data: body.error.json.data }
}

test("a full bcrypt queue is told as not begun, so that a client may repeat the call", async () => {
  const { status, data } = await signInFailingWith(new AuthError("UNAVAILABLE", "Too many."))
  expect(status).toBe(503)
  expect(data).toEqual({
    code: "SERVICE_UNAVAILABLE",
    httpStatus: 503,
    reason: "UNAVAILABLE",
    requestId: "r-1",
    begun: false,
  })
})

test.each<[string, Error]>([
  ["a database that went away meanwhile", new DatabaseUnavailable("gone")],
  ...(["LOGIN_FAILED", "FORBIDDEN"] satisfies Reason[]).map((reason): [string, Error] => [
    reason,
    new AuthError(reason, "No."),
  ]),
])("%s is not", async (_, error) => {
  expect((await signInFailingWith(error)).data).not.toHaveProperty("begun")
})
