import { createLatchkey } from "@latchkey/sdk"
import type { Ask } from "./asks.ts"
import type { TestCaller } from "./callers.ts"
import type { DoorKind, Word } from "./expected.ts"
import { FRAMEWORKS, GUARDS, requirementOf } from "./frameworks.ts"
import type { Product } from "./startProduct.ts"

/** A verdict, and the caller that it is about, if the door tells. */
export interface Answer {
  /** Anything that is not a `Word` is a response outside the contract. */
  verdict: Word | (string & {})
  caller?: { issuer: string; subject: string; scopes: readonly string[] }
}

/** A way to ask about a caller. */
export interface Door {
  name: string
  kind: DoorKind
  /** Null if the door can't take such a caller, or can't ask for these scopes. */
  ask(caller: TestCaller, ask: Ask): Promise<Answer> | null
}

const WORDS: Record<string, Word> = {
  "200": "accepted",
  "204": "accepted",
  "400 INVALID_INPUT": "bad request",
  "400 AMBIGUOUS_CREDENTIALS": "bad request",
  "401 UNAUTHENTICATED": "unauthenticated",
  "403 INSUFFICIENT_SCOPE": "insufficient scope",
  "403 FORBIDDEN": "forbidden",
}

const pick = ({ issuer, subject, scopes }: NonNullable<Answer["caller"]>) => ({ issuer, subject, scopes })

const wordOf = (status: number, reason?: string) => {
  const text = reason === undefined ? String(status) : `${status} ${reason}`
  return WORDS[text] ?? text
}

// biome-ignore lint/suspicious/noExplicitAny: each door knows the shape of its answers
async function send(url: string, init: RequestInit): Promise<{ response: Response; body: any }> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { response, body: text === "" ? null : JSON.parse(text) }
}

/** By the challenge of RFC 6750. */
const lacksScope = ({ headers }: Response) =>
  headers.get("www-authenticate")?.includes('error="insufficient_scope"') ?? false

/** Latchkey's own procedures that need the scopes. */
const OWN: Record<
  string,
  { procedure: string; method: "GET" | "POST"; path: string; headers?: Record<string, string> }
> = {
  "": { procedure: "auth.me", method: "GET", path: "/auth/me" },
  "latchkey:apikeys:read": { procedure: "apiKeys.list", method: "GET", path: "/auth/apikeys" },
  "latchkey:introspect": { procedure: "auth.introspect", method: "POST", path: "/oauth/introspect" },
  "latchkey:manage": {
    ...{ procedure: "apiKeys.list", method: "GET", path: "/auth/apikeys" },
    headers: { "latchkey-on-behalf-of": "host org_42" },
  },
}

/** Changes by the host's user need a proof that one of its pages sent them. */
const fromOwnPage = (url: string) => ({ origin: new URL(url).origin })

/** @param toInput wraps an input as the router's transformer does. */
function ownTrpc(url: string, name: string, path: string, toInput: (input: object) => object): Door {
  return {
    ...{ name, kind: "own" },
    ask(caller, { scopes }) {
      const own = OWN[scopes.join(" ")]
      if (!own) return null
      return (async () => {
        const { response, body } = await send(`${url}${path}${own.procedure}`, {
          method: own.method,
          headers: {
            ...caller.headers,
            ...own.headers,
            ...fromOwnPage(url),
            "content-type": "application/json",
          },
          ...(own.method === "POST" && { body: JSON.stringify(toInput({ token: "x" })) }),
        })
        const data = body.result?.data.json ?? body.result?.data
        const reason = body.error && (body.error.json ?? body.error).data.reason
        return {
          verdict: wordOf(response.status, reason),
          ...(own.procedure === "auth.me" && data && { caller: pick(data) }),
        }
      })()
    },
  }
}

function ownRest({ url }: Product): Door {
  return {
    ...{ name: "Latchkey's own REST", kind: "own" },
    ask(caller, { scopes }) {
      const own = OWN[scopes.join(" ")]
      if (!own) return null
      return (async () => {
        const { response, body } = await send(`${url}/latchkey${own.path}`, {
          method: own.method,
          headers: { ...caller.headers, ...own.headers, ...fromOwnPage(url) },
          ...(own.method === "POST" && { body: new URLSearchParams({ token: "x" }) }),
        })
        // RFC 7662, section 2.3: callers who may not ask get 401, even if only a scope is missing.
        const isRefusedToAsk = own.procedure === "auth.introspect" && lacksScope(response)
        return {
          verdict: isRefusedToAsk ? "insufficient scope" : wordOf(response.status, body.reason),
          ...(own.procedure === "auth.me" && response.ok && { caller: pick(body) }),
        }
      })()
    },
  }
}

/** The product's own doors don't know configured keys, which only the standalone server has. */
const isConfigured = ({ standing }: TestCaller) => standing.is === "valid" && standing.isConfigured === true

const authenticate = ({ latchkey }: Product): Door => ({
  ...{ name: "`authenticate`", kind: "product" },
  ask: (caller, ask) =>
    isConfigured(caller)
      ? null
      : latchkey
          .authenticate(caller.headers, { method: "GET", ...requirementOf(ask) })
          .then((verdict) =>
            verdict.ok
              ? { verdict: "accepted", caller: pick(verdict.caller) }
              : { verdict: wordOf(verdict.status, verdict.reason) },
          ),
})

/** The error for a route when it is created, before any request. */
function refusalOf(makeRoute: () => void): Answer | undefined {
  try {
    makeRoute()
    return undefined
  } catch (error) {
    return { verdict: error instanceof TypeError ? "bad request" : String(error) }
  }
}

const requires = ({ latchkey, url }: Product): Door => ({
  ...{ name: "`requires`", kind: "product" },
  ask(caller, ask) {
    if (isConfigured(caller)) return null
    return (async () => {
      const refused = refusalOf(() => latchkey.requires(requirementOf(ask)))
      if (refused) return refused
      const { response, body } = await send(`${url}/trpc/${ask.path}`, { headers: caller.headers })
      return {
        verdict: wordOf(response.status, body.error?.data.reason),
        ...(response.ok && { caller: pick(body.result.data) }),
      }
    })()
  },
})

const guards = ({ latchkey, guardUrl }: Product): Door[] =>
  FRAMEWORKS.map((framework) => ({
    ...{ name: `\`guard\` in ${framework}`, kind: "product" },
    ask(caller, ask) {
      if (isConfigured(caller)) return null
      return (async () => {
        const refused = refusalOf(() => GUARDS[framework](latchkey, requirementOf(ask)))
        if (refused) return refused
        const { response, body } = await send(`${guardUrl(framework)}/${ask.path}`, {
          headers: caller.headers,
        })
        return {
          verdict: wordOf(response.status, body.reason),
          ...(response.ok && { caller: pick(body) }),
        }
      })()
    },
  }))

/** HEAD has no body, so the challenge tells the reason. */
function reasonOf(response: Response): string | undefined {
  if (response.status === 403) return lacksScope(response) ? "INSUFFICIENT_SCOPE" : "FORBIDDEN"
  return { 400: "INVALID_INPUT", 401: "UNAUTHENTICATED" }[response.status]
}

const forwardAuth = ({ url }: Product, method: "GET" | "HEAD"): Door => ({
  ...{ name: `\`${method} /auth/verify\``, kind: "proxy" },
  async ask(caller, { scopes }) {
    const query = scopes.length > 0 ? `?scope=${scopes.join("+")}` : ""
    const { response, body } = await send(`${url}/latchkey/auth/verify${query}`, {
      method,
      headers: caller.headers,
    })
    const { status, headers } = response
    const field = (name: string) => decodeURIComponent(headers.get(`x-latchkey-${name}`) ?? "")
    const listed = field("scopes")
    return {
      verdict: wordOf(status, body?.reason ?? reasonOf(response)),
      ...(status === 204 && {
        caller: {
          issuer: field("issuer"),
          subject: field("subject"),
          scopes: listed === "-" ? [] : listed.split(" "),
        },
      }),
    }
  },
})

interface Introspected {
  active: boolean
  iss: string
  sub: string
  scope: string
}

/** Introspection returns the scopes, and the service that asks compares them. */
function verdictOf({ active, iss, sub, scope }: Introspected, asked: readonly string[]): Answer {
  if (!active) return { verdict: "unauthenticated" }
  const scopes = scope === "" ? [] : scope.split(" ")
  if (!asked.every((one) => scopes.includes(one))) return { verdict: "insufficient scope" }
  return { verdict: "accepted", caller: { issuer: iss, subject: sub, scopes } }
}

const restIntrospection = ({ url }: Product, gateway: string): Door => ({
  ...{ name: "`POST /oauth/introspect`", kind: "token" },
  ask: ({ token }, { scopes }) =>
    token === null
      ? null
      : send(`${url}/latchkey/oauth/introspect`, {
          method: "POST",
          headers: { "x-api-key": gateway },
          body: new URLSearchParams({ token }),
        }).then(({ body }) => verdictOf(body, scopes)),
})

const trpcIntrospection = ({ url }: Product, gateway: string): Door => ({
  ...{ name: "`auth.introspect`", kind: "token" },
  ask: ({ token }, { scopes }) =>
    token === null
      ? null
      : send(`${url}/latchkey/trpc/auth.introspect`, {
          method: "POST",
          headers: { "x-api-key": gateway, "content-type": "application/json" },
          body: JSON.stringify({ json: { token } }),
        }).then(({ body }) => verdictOf(body.result.data.json, scopes)),
})

/** The statuses with which to answer the SDK's reasons. */
const OF_SDK = {
  INVALID: "unauthenticated",
  INSUFFICIENT_SCOPE: "insufficient scope",
  RATE_LIMITED: "429",
} as const

function sdkVerify({ url }: Product, gateway: string): Door {
  const sdk = createLatchkey({ baseUrl: `${url}/latchkey`, apiKey: gateway })
  return {
    ...{ name: "the SDK's `verify`", kind: "token" },
    ask({ token, standing }, { scopes }) {
      // No credential can be verified too.
      if (token === null && standing.is !== "nobody") return null
      return sdk
        .verify(token, { scope: scopes, onUnavailable: "throw", timeout: 20_000 })
        .then((verified) =>
          verified.active
            ? { verdict: "accepted", caller: pick(verified) }
            : { verdict: OF_SDK[verified.reason] },
        )
    },
  }
}

/** @param gateway a key that may introspect. */
export const createDoors = (product: Product, gateway: string): Door[] => [
  ownTrpc(product.url, "Latchkey's own tRPC", "/latchkey/trpc/", (json) => ({ json })),
  ownTrpc(product.url, "Latchkey's router in the product's", "/trpc/latchkey.", (input) => input),
  ownRest(product),
  authenticate(product),
  requires(product),
  ...guards(product),
  forwardAuth(product, "GET"),
  forwardAuth(product, "HEAD"),
  restIntrospection(product, gateway),
  trpcIntrospection(product, gateway),
  sdkVerify(product, gateway),
]
