import type { OperationLink } from "@trpc/client"
import { httpBatchLink } from "@trpc/client/links/httpBatchLink"
import { observableToPromise } from "@trpc/server/observable"
import superjson from "superjson"
import packageJson from "../../package.json" with { type: "json" }
import type { AppRouter } from "../appRouter.ts"
import type { CredentialHeaders } from "../credentials/credentialHeaders.ts"
import type { LatchkeyOptions } from "../options.ts"
import { type Answer, fetchAnswer, notOurs } from "./fetchAnswer.ts"
import { mayShare } from "./mayShare.ts"
import { uncached, unique } from "./uncached.ts"

export interface Operation {
  kind: "query" | "mutation"
  /** Such as `auth.me`. */
  path: string
  input: unknown
  headers: CredentialHeaders
  signal: AbortSignal
  /** Whether to send it in a separate request. */
  isAlone?: boolean | undefined
}

/** Sends a call, batched with others of the same tick, and returns its output. Throws tRPC's client errors. */
export type Transport = (operation: Operation) => Promise<unknown>

/** The server's limit on calls per request. */
const MAX_BATCH_SIZE = 20

const client = `sdk/${packageJson.version}`

/**
 * tRPC's batching link without the rest of its client, which the SDK doesn't need. Queries and mutations are sent in
 * separate batches.
 */
export function createTransport(
  url: string,
  { onResponse, credentials }: Pick<LatchkeyOptions, "onResponse" | "credentials">,
): Transport {
  // Redirects are not followed: X-API-Key would be sent to wherever they lead.
  const always = { redirect: "manual", ...uncached(), ...(credentials && { credentials }) } as const
  const links = new Map<string, OperationLink<AppRouter, unknown, unknown>>()

  // Each call may have a different credential, and must never be sent with another caller's. So calls share a link,
  // and therefore a batch, only if their credentials are equal.
  function linkFor(headers: CredentialHeaders) {
    const credential = JSON.stringify(headers)
    const existing = links.get(credential)
    if (existing) return existing
    const link = createLink(headers)
    links.set(credential, link)
    // This timer runs before the one in which the link sends its batch.
    setTimeout(() => links.delete(credential))
    return link
  }

  const createLink = (headers: CredentialHeaders) =>
    httpBatchLink<AppRouter>({
      url,
      transformer: superjson,
      maxItems: MAX_BATCH_SIZE,
      headers: () => ({ ...headers, "X-Latchkey-Client": client, ...unique() }),
      fetch: (input, init) => fetchAnswer(String(input), { ...init, ...always }, onResponse),
    })({})

  return async ({ kind, path, input, headers, signal, isAlone }) => {
    const op = { id: 0, type: kind, path, input, context: {}, signal }
    const link = !isAlone && mayShare() ? linkFor(headers) : createLink(headers)
    const { result, context } = await observableToPromise(link({ op, next: lastLink }))
    const answer = context?.response as Answer
    // With a status that says otherwise, it is not a result: a proxy may have stored or replaced parts of the response.
    if (!answer.ok) throw notOurs(answer)
    return "data" in result ? result.data : undefined
  }
}

function lastLink(): never {
  throw new TypeError("the batch link must be the last link")
}
