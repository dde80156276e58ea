import { type Auth, AuthError, DatabaseUnavailable } from "@latchkey/auth"
import type { Reason } from "@latchkey/contract"
import { initTRPC } from "@trpc/server"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import superjson from "superjson"
import { expect, test } from "vitest"
import { RequestState } from "../http/requestState.ts"
import { appRouter } from "./appRouter.ts"
import { type Context, createContext, openSource } from "./context.ts"

/** A context in which signing in fails with an error. */
function contextFailingWith(error: Error): Context {
  const accounts: Partial<Auth["accounts"]> = { login: () => Promise.reject(error) }
  return createContext(openSource({ accounts } as Auth), new RequestState({ headers: new Headers() }))
}

const signInRequest = (path: string) =>
  new Request(`http://localhost/trpc/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ json: { email: "a@company.tld", password: "p" } }),
  })

/** The client's view of a sign-in that fails with an error. */
async function signInFailingWith(error: Error) {
  const response = await fetchRequestHandler({
    endpoint: "/trpc",
    router: appRouter,
    createContext: () => contextFailingWith(error),
    req: signInRequest("auth.login"),
  })
  const body = (await response.json()) as { error: { json: { data: Record<string, unknown> } } }
  return { status: response.status, data: body.error.json.data }
}

test("a full bcrypt queue is reported as not begun, so clients may retry", async () => {
  const { status, data } = await signInFailingWith(new AuthError("UNAVAILABLE", "Too many."))
  expect(status).toBe(503)
  expect(data).toEqual({
    code: "SERVICE_UNAVAILABLE",
    httpStatus: 503,
    reason: "UNAVAILABLE",
    requestId: expect.any(String),
    begun: false,
  })
})

test.each<[string, Error]>([
  ["a lost database connection", new DatabaseUnavailable("gone")],
  ...(["LOGIN_FAILED", "FORBIDDEN"] satisfies Reason[]).map((reason): [string, Error] => [
    reason,
    new AuthError(reason, "No."),
  ]),
])("%s is reported without `begun`", async (_, error) => {
  expect((await signInFailingWith(error)).data).not.toHaveProperty("begun")
})

test.each<[Error, number, string]>([
  [new AuthError("LOGIN_FAILED", "Wrong email or password."), 401, "UNAUTHORIZED"],
  [new AuthError("NOT_FOUND", "There is no such key."), 404, "NOT_FOUND"],
  [new AuthError("RATE_LIMITED", "Too many attempts."), 429, "TOO_MANY_REQUESTS"],
  [new DatabaseUnavailable("gone"), 503, "SERVICE_UNAVAILABLE"],
])("inside another router with its own formatter, %s keeps its status", async (error, status, code) => {
  const host = initTRPC.context<Context>().create({ transformer: superjson })
  const response = await fetchRequestHandler({
    endpoint: "/trpc",
    router: host.router({ keys: appRouter }),
    createContext: () => contextFailingWith(error),
    req: signInRequest("keys.auth.login"),
  })
  const body = (await response.json()) as { error: { json: { message: string; data: { code: string } } } }
  expect([response.status, body.error.json.data.code]).toEqual([status, code])
  expect(body.error.json.message).not.toContain("gone")
})
