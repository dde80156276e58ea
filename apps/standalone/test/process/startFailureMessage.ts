import { expect } from "vitest"
import { explainStartFailure } from "../../src/start/explainStartFailure.ts"
import { newSecret, startTestServer } from "../testServer.ts"

/**
 * The message that an operator gets when the server fails to start with these variables. Does not wait for the
 * database.
 */
export async function startFailureMessage(variables: Record<string, string>): Promise<string> {
  const secret = variables.DATABASE_URL === undefined ? {} : { AUTH_SECRET: newSecret() }
  const failure = await startTestServer({ ...secret, ...variables }, { waitMs: 0 }).then(
    async (server) => {
      await server[Symbol.asyncDispose]()
      throw new Error("the server started")
    },
    (error: unknown) => error,
  )
  const text = explainStartFailure(failure)
  expect(text).not.toMatch(/\n|hunter2|\{|undefined/)
  return text
}
