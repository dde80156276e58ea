import type { OperationLink } from "@trpc/client"
import { httpBatchLink } from "@trpc/client/links/httpBatchLink"
import { observableToPromise } from "@trpc/server/observable"
import superjson from "superjson"
import packageJson from "../package.json" with { type: "json" }
import type { AppRouter } from "./appRouter.ts"
import type { CredentialHeaders } from "./credentialHeaders.ts"
import { fetchAnswer } from "./fetchAnswer.ts"
import type { LatchkeyOptions } from "./options.ts"
import { uncached } from "./uncached.ts"

export interface Operation {
  kind: "query" | "mutation"
  /** Such as `auth.me`. */
  path: string
  input: unknown
  headers: CredentialHeaders
  signal: AbortSignal
}

/** Sends a call, with the others of its tick, and gives its output. Throws what tRPC's client makes of errors. */
export type Transport = (operation: Operation) => Promise<unknown>

/** The server's limit. */
const MAX_BATCH_SIZE = 20

const client = `sdk/${packageJson.version}`

/**
 * tRPC's batching link, without the rest of its client, which is mostly types that are ours already, and
 * subscriptions. Queries travel apart from mutations.
 */
export function createTransport(url: string, onResponse: LatchkeyOptions["onResponse"]): Transport {
  // A redirect is not followed: X-API-Key would go along, wherever it leads.
  const always = { redirect: "manual", ...uncached() } as const
  const links = new Map<string, OperationLink<AppRouter, unknown, unknown>>()

  // A function can give another credential for each call, and a call must never travel under somebody else's: so
  // calls share a link, and with it a batch, only when their credentials are the same.
  function linkFor(headers: CredentialHeaders) {
    const credential = JSON.stringify(headers)
    const known = links.get(credential)
    if (known) return known
    const link = httpBatchLink<AppRouter>({
      url,
      transformer: superjson,
      maxItems: MAX_BATCH_SIZE,
      headers: { ...headers, "X-Latchkey-Client": client },
      fetch: (input, init) => fetchAnswer(String(input), { ...init, ...always }, onResponse),
    })({})
    links.set(credential, link)
    // The link sends in a timer that is set after this one.
    setTimeout(() => links.delete(credential))
    return link
  }

  return async ({ kind, path, input, headers, signal }) => {
    const op = { id: 0, type: kind, path, input, context: {}, signal }
    const { result } = await observableToPromise(linkFor(headers)({ op, next: lastLink }))
    return "data" in result ? result.data : undefined
  }
}

function lastLink(): never {
  throw new TypeError("there is no link after the one that sends")
}
