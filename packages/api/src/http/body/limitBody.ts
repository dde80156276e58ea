import type { MiddlewareHandler } from "hono"
import { failure } from "../../failure.ts"
import type { AppContext, AppEnv } from "../app.ts"
import { respondWithFailure } from "../respond.ts"
import { expectWholeBody } from "./readWholeBody.ts"

const MAX_BYTES = 64 * 1024

/** Each costs some microseconds, so 64 KiB in pieces of one byte would cost as much as hundreds of calls. */
export const MAX_CHUNKS = 1_000

export const TOO_MANY_CHUNKS = "The body must not arrive in more than 1,000 chunks."

/**
 * Rejects large bodies. One of a declared length is not looked at yet: to get it as a stream costs more than the rest of
 * a call.
 */
export const limitBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  const length = c.req.header("content-length")
  if (length !== undefined && c.req.header("transfer-encoding") === undefined) {
    return Number(length) > MAX_BYTES ? refuse(c, "The body must not exceed 64 KiB.") : next()
  }
  const { body } = c.req.raw
  if (!body) return next()
  const read = await expectWholeBody(c, () => readStream(body))
  if (typeof read === "string") return refuse(c, read)
  c.req.raw = new Request(c.req.raw, { body: read })
  return next()
}

const refuse = (c: AppContext, message: string) => respondWithFailure(c, failure("TOO_LARGE", message))

/** The content of a stream, or why it is refused. A stream that is refused is not read to its end. */
async function readStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer> | string> {
  const reader = stream.getReader()
  // Grows with the content: a client that sends none of it could otherwise hold the most.
  let bytes = new Uint8Array(0)
  let size = 0
  for (let chunks = 0; ; chunks++) {
    const { done, value } = await reader.read()
    if (done) return bytes.subarray(0, size)
    if (chunks === MAX_CHUNKS) return TOO_MANY_CHUNKS
    const grown = size + value.length
    if (grown > MAX_BYTES) return "The body must not exceed 64 KiB."
    if (grown > bytes.length) bytes = enlarge(bytes, Math.min(MAX_BYTES, 2 * grown))
    bytes.set(value, size)
    size = grown
  }
}

function enlarge(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}
