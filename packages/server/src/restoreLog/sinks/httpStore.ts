import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import { sendRequest } from "@latchkey/auth"
import { RestoreLogError, reasonOf } from "../restoreLogError.ts"
import {
  MAX_LIST_BYTES,
  MAX_OBJECT_BYTES,
  type ObjectStore,
  READ_MS,
  type StoreTimes,
  textOf,
  upTo,
  WRITE_MS,
} from "./objectStore.ts"

/** 202 is missing, because an object that was only accepted is not durable. */
const STORED = [200, 201, 204]
const REMOVED = [200, 202, 204, 404]

/**
 * Keeps objects at an HTTP server below a URL: `PUT`, `GET` and `DELETE` by their names. `GET` of the URL itself is a JSON array
 * of the names, or of objects with a `name`. Follows no redirects, and bounds sizes and times.
 *
 * @param url without credentials, and with a slash at the end.
 * @param options.token a bearer token.
 */
export function createHttpStore(
  url: string,
  { token, writeMs = WRITE_MS, readMs = READ_MS }: StoreTimes & { token?: string | undefined } = {},
): ObjectStore {
  const server = `the server at ${new URL(url).origin}`
  const failure = (cause: unknown) =>
    cause instanceof RestoreLogError
      ? cause
      : new RestoreLogError(`${server} does not answer as expected (${reasonOf(cause)})`, { cause })

  async function send(
    method: string,
    name: string,
    { expects, ms, text }: { expects: readonly number[]; ms: number; text?: string },
  ): Promise<IncomingMessage> {
    const response = await sendRequest(url + name, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(text !== undefined && { "content-type": "application/x-ndjson" }),
      },
      ...(text !== undefined && { body: text }),
      ms,
    })
    const { statusCode = 0, headers } = response
    if (expects.includes(statusCode) && isPlain(headers)) return response
    response.destroy()
    const answered = isPlain(headers) ? `status ${statusCode}` : "an encoded body"
    throw new RestoreLogError(`${server} has answered ${method} with ${answered}`)
  }

  async function change(method: string, name: string, expects: readonly number[], text?: string) {
    try {
      const response = await send(method, name, {
        expects,
        ms: writeMs,
        ...(text !== undefined && { text }),
      })
      // Nobody needs its body.
      response.resume()
    } catch (cause) {
      throw failure(cause)
    }
  }

  return {
    place: url,
    async list() {
      try {
        const response = await send("GET", "", { expects: [200], ms: readMs })
        return namesIn(JSON.parse(await textOf(MAX_LIST_BYTES, response)))
      } catch (cause) {
        throw failure(cause)
      }
    },
    async *read(name) {
      try {
        yield* upTo(MAX_OBJECT_BYTES, await send("GET", name, { expects: [200], ms: readMs }))
      } catch (cause) {
        throw failure(cause)
      }
    },
    put: (name, text) => change("PUT", name, STORED, text),
    remove: (name) => change("DELETE", name, REMOVED),
  }
}

/** Objects are stored as they were sent. */
const isPlain = ({ "content-encoding": coding = "identity" }: IncomingHttpHeaders) => coding === "identity"

function namesIn(list: unknown): string[] {
  if (!Array.isArray(list)) throw new Error("expected a JSON array of names")
  return list.map((entry: unknown) => {
    const name = typeof entry === "object" && entry !== null && "name" in entry ? entry.name : entry
    if (typeof name !== "string") throw new Error("expected a JSON array of names")
    return name
  })
}
