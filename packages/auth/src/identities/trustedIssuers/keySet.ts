import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from "jose"
import { fetchJson } from "./fetchJson.ts"
import { freshnessMs } from "./freshness.ts"
import { mayDiscover, type TrustedIssuer } from "./trustedIssuer.ts"

/** Milliseconds between fetches for key ids that the set does not contain, which anybody can make up. */
const RENEWAL_PAUSE_MS = 30_000

/** Milliseconds from a failed fetch to the next attempt. */
const RETRY_PAUSE_MS = 1_000

/** Issuers publish a few. Each token costs a look at all keys. */
const MAX_KEYS = 100

/**
 * Characters of an RSA key's modulus and exponent in base64url: 8,192 and 32 bits. With larger ones, one token, which
 * anybody can make up, costs up to 200 ms instead of 1 ms.
 */
const [MAX_MODULUS, MAX_EXPONENT] = [1_366, 6]

export interface LoadedKeys {
  find: LocalJWKSet
  /** The keys as JSON, to tell whether they have changed. */
  text: string
}

/** The public keys of an issuer. */
export interface KeySet {
  /** The keys, fetched unless a fetched set is still fresh. @throws when they can't be fetched. */
  current(): Promise<LoadedKeys>
  /**
   * A newer set than `seen`, for a token whose key `seen` lacks; null if the set was fetched too recently to ask
   * again.
   *
   * @throws when it can't be fetched, so it is unknown whether the key exists.
   */
  renew(seen: LoadedKeys): Promise<LoadedKeys | null>
}

export function createKeySet(issuer: Pick<TrustedIssuer, "issuer" | "jwksUri">): KeySet {
  let loaded: { keys: LoadedKeys; freshUntil: number } | undefined
  let lastAttempt: { at: number; error?: unknown } | undefined
  let inFlight: Promise<LoadedKeys> | undefined

  async function load(): Promise<LoadedKeys> {
    const at = performance.now()
    try {
      const { body, freshMs } = await fetchKeys(issuer)
      const text = JSON.stringify(body)
      // The same object for the same keys, so that tokens verified by them stay verified.
      const keys = loaded?.keys.text === text ? loaded.keys : { find: createLocalJWKSet(body), text }
      loaded = { keys, freshUntil: at + freshMs }
      lastAttempt = { at }
      return keys
    } catch (error) {
      lastAttempt = { at: performance.now(), error }
      throw error
    }
  }

  function loadOnce(): Promise<LoadedKeys> {
    inFlight ??= load().finally(() => {
      inFlight = undefined
    })
    return inFlight
  }

  const isWithin = (pauseMs: number) =>
    lastAttempt !== undefined && performance.now() < lastAttempt.at + pauseMs

  return {
    async current() {
      if (loaded && performance.now() < loaded.freshUntil) return loaded.keys
      if (!inFlight && lastAttempt?.error !== undefined && isWithin(RETRY_PAUSE_MS)) throw lastAttempt.error
      return loadOnce()
    },

    async renew(seen) {
      if (loaded && loaded.keys !== seen) return loaded.keys
      if (inFlight || !isWithin(RENEWAL_PAUSE_MS)) {
        const keys = await loadOnce()
        return keys === seen ? null : keys
      }
      if (lastAttempt?.error !== undefined) throw lastAttempt.error
      return null
    },
  }
}

async function fetchKeys(issuer: Pick<TrustedIssuer, "issuer" | "jwksUri">) {
  const url = issuer.jwksUri ?? (await discover(issuer.issuer))
  const { body, headers } = await fetchJson(url)
  if (!Array.isArray(body.keys)) throw new Error(`${url} is not a JWK Set`)
  if (body.keys.length > MAX_KEYS) throw new Error(`${url} has more than ${MAX_KEYS} keys`)
  if (body.keys.some(isCostly)) throw new Error(`${url} has an RSA key that is too large`)
  return { body: body as unknown as JSONWebKeySet, freshMs: freshnessMs(url, headers) }
}

const isCostly = (key: Partial<Record<"n" | "e", unknown>> | null) =>
  String(key?.n ?? "").length > MAX_MODULUS || String(key?.e ?? "").length > MAX_EXPONENT

/** The `jwks_uri` of an issuer (OpenID Connect Discovery 1.0, sections 4.1 and 4.3). */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`
  const { body } = await fetchJson(url)
  if (body.issuer !== issuer) throw new Error(`${url} names another issuer`)
  const { jwks_uri: jwksUri } = body
  if (typeof jwksUri !== "string" || !mayDiscover(issuer, jwksUri)) {
    throw new Error(`${url} has no https jwks_uri`)
  }
  return jwksUri
}
