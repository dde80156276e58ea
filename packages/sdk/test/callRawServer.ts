import { inspect } from "node:util"
import { createLatchkey, LatchkeyError, type LatchkeyOptions } from "../src/index.ts"

export const KEY = "0123456789abcdef".repeat(4)
export const ME = { id: "u1", via: "apiKey" }

/** A client with a key. */
export const client = (baseUrl: string, options: Partial<LatchkeyOptions> = {}) =>
  createLatchkey({ baseUrl, apiKey: KEY, ...options } as LatchkeyOptions)

/** The error of a call that fails. */
export async function catchError(call: Promise<unknown>): Promise<LatchkeyError> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof LatchkeyError)) throw new Error(`not a LatchkeyError: ${inspect(error)}`)
  return error
}
