import { expect, inject, test } from "vitest"
import { PASSWORD, register, startServerOnPostgres } from "../test/startServer.ts"
import { createLatchkey } from "./createLatchkey.ts"
import { LatchkeyError } from "./latchkeyError.ts"

test("a rate-limited call fails at once with its Retry-After, and a rate-limited refresh keeps the session", async () => {
  await using server = await startServerOnPostgres(inject("postgresUrl"), { RATE_LIMIT_FACTOR: "1" })
  const { user, refreshToken } = await register(server.url)
  const { auth } = createLatchkey({ baseUrl: server.url })
  const catchError = (call: Promise<unknown>) => call.catch((error: unknown) => error)
  for (let i = 0; i < 10; i++) {
    expect(await catchError(auth.login({ email: user.email, password: "not it" }))).toMatchObject({
      reason: "LOGIN_FAILED",
    })
  }

  const error = await catchError(auth.login({ email: user.email, password: PASSWORD }))

  expect(error).toBeInstanceOf(LatchkeyError)
  expect(error).toMatchObject({ reason: "RATE_LIMITED", status: 429, begun: false })
  expect((error as LatchkeyError).retryAfter).toBeGreaterThan(800)
  expect(await server.count("/trpc/auth.login")).toBe(11)

  let session = { refreshToken }
  for (let i = 0; i < 100; i++) {
    session = { refreshToken: (await auth.refresh(session)).refreshToken }
  }
  const asUser = createLatchkey({ baseUrl: server.url, session })
  // The second call is rate limited too, so the first has not ended the client's session.
  for (let i = 0; i < 2; i++) {
    expect(await catchError(asUser.auth.me())).toMatchObject({ reason: "RATE_LIMITED" })
  }
})
