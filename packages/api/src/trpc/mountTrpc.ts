import { parseJson } from "@latchkey/auth"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import { failure, failureOf } from "../failure.ts"
import type { App, AppContext } from "../http/app.ts"
import { decodeUtf8 } from "../http/body/decodeUtf8.ts"
import { isJson } from "../http/body/isJson.ts"
import { localUrl } from "../http/localUrl.ts"
import { complete, refuseMethod, respondWithFailure } from "../http/respond.ts"
import { appRouter } from "./appRouter.ts"
import { procedureKind } from "./callProcedure.ts"
import { readUnaryCalls, serveUnaryCalls } from "./unaryTrpc.ts"

const MAX_BATCH_SIZE = 20

/**
 * Serves tRPC at `/trpc`.
 *
 * @param basePath the path of the URL under which the app is served, or "".
 */
export function mountTrpc(app: App, basePath: string) {
  app.all("/trpc/:path", (c) => {
    const unary = readUnaryCalls(c, MAX_BATCH_SIZE)
    c.get("request").route = routeOf(unary?.paths ?? c.req.param("path").split(",", MAX_BATCH_SIZE))
    return unary ? serveUnaryCalls(c, unary) : serveOtherCalls(c, basePath)
  })
}

/** The route for the log. Contains only names of procedures, because any other text may be a secret. */
const routeOf = (names: readonly string[]) =>
  `/trpc/${names.map((name) => (procedureKind(name) ? name : "unknown")).join(",")}`

/** Serves all other kinds of tRPC requests through tRPC's fetch adapter. */
async function serveOtherCalls(c: AppContext, basePath: string): Promise<Response> {
  const { method } = c.req
  if (method !== "GET" && method !== "POST") return refuseMethod(c, ["GET", "POST"])
  // The adapter would also read forms and octet streams, which no procedure accepts.
  if (method === "POST" && !isJson(c.req.header("content-type"))) {
    return respondWithFailure(c, failure("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."))
  }
  const response = withoutTransferEncoding(await serveWithAdapter(c, `${basePath}/trpc`))
  if (response.headers.has("content-type") || response.status === 204) {
    return complete(c, method === "POST" ? await buffer(response) : response)
  }
  // The response to a request that failed before its context existed has no content type and no request id.
  const last = c.get("request").failures.pop()
  if (!last) throw new TypeError("a response without a content type, but no failure")
  return respondWithFailure(c, last.failure, { error: last.error })
}

async function serveWithAdapter(c: AppContext, endpoint: string): Promise<Response> {
  const { failures } = c.get("request")
  return fetchRequestHandler({
    endpoint,
    req: await forAdapter(c.req),
    router: appRouter,
    maxBatchSize: MAX_BATCH_SIZE,
    createContext: () => c.get("procedureContext"),
    onError: ({ error }) => failures.push({ failure: failureOf(error), error }),
  })
}

/** How a response is sent is up to the server. HTTP/2 forbids the header (RFC 9113, section 8.2.2). */
function withoutTransferEncoding(response: Response): Response {
  response.headers.delete("transfer-encoding")
  return response
}

/**
 * Buffers a streamed response until all of its calls are complete. The headers that mutations set, such as the
 * session cookie and the rate limit, are known only then.
 */
async function buffer(response: Response): Promise<Response> {
  const { status, headers } = response
  return new Response(status === 204 ? null : await response.arrayBuffer(), { status, headers })
}

/**
 * Prepares a request for the adapter, which would fail for hosts that `URL` rejects, repair invalid UTF-8, and accept
 * duplicate names.
 */
async function forAdapter(request: AppContext["req"]): Promise<Request> {
  const { method, headers, signal, url: sent } = request.raw
  const url = localUrl(sent)
  if (method === "GET") {
    const input = url.searchParams.get("input")
    if (input !== null)
      url.searchParams.set(
        "input",
        strictJson(() => input),
      )
    return new Request(url, { headers, signal })
  }
  const bytes = await request.arrayBuffer()
  return new Request(url, { method, headers, signal, body: strictJson(() => decodeUtf8(bytes)) })
}

/** The text if `parseJson` accepts it or if it is empty; otherwise text that no JSON parser accepts. */
function strictJson(readText: () => string): string {
  try {
    const text = readText()
    if (text !== "") parseJson(text)
    return text
  } catch {
    return "not JSON"
  }
}
