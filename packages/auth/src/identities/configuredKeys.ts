import { createHash, timingSafeEqual } from "node:crypto"
import { parseKey } from "../keys/keyFormat.ts"
import type { Caller } from "./caller.ts"
import { ownerIdOf } from "./ownerIdOf.ts"
import { INTROSPECT, MANAGE } from "./scopes.ts"

/** Keys that are part of the server's configuration, so that a server works before anybody has signed in. */
export interface ConfiguredKeys {
  /** May manage keys and owners, except Latchkey's own accounts, and introspect. */
  bootstrap?: readonly string[]
  /** May introspect. */
  introspection?: readonly string[]
}

/** The issuer of the owners that configured keys represent. No identity has it. */
const ISSUER = "latchkey:configuration"

/** The callers that configured keys represent. */
export interface ConfiguredKeyCallers {
  /** Its time does not depend on the configured keys. */
  find(apiKey: string): Caller | null
  findByFingerprint(fingerprint: string): Caller | null
}

/** @throws {TypeError} for a text that does not have the format of a key. */
export function createConfiguredKeys({
  bootstrap = [],
  introspection = [],
}: ConfiguredKeys): ConfiguredKeyCallers {
  if (![...bootstrap, ...introspection].every(parseKey)) {
    throw new TypeError("configuredKeys: expected texts in the form of a key")
  }
  const known = [
    ...bootstrap.map((key) => toKnown(key, "bootstrap", [INTROSPECT, MANAGE])),
    ...introspection.map((key) => toKnown(key, "introspection", [INTROSPECT])),
  ]

  return {
    find(apiKey) {
      if (known.length === 0) return null
      const presented = digestOf(apiKey)
      let found: Caller | null = null
      for (const { digest, caller } of known) if (timingSafeEqual(digest, presented)) found = caller
      return found
    },
    findByFingerprint: (fingerprint) => known.find((key) => key.fingerprint === fingerprint)?.caller ?? null,
  }
}

const digestOf = (key: string) => createHash("sha256").update(key).digest()

/** Not secret, and too short to find the key by. */
const fingerprintOf = (key: string) =>
  createHash("sha256").update(`latchkey/configured-key/v1\0${key}`).digest("hex").slice(0, 16)

function toKnown(key: string, name: "bootstrap" | "introspection", scopes: readonly string[]) {
  const fingerprint = fingerprintOf(key)
  return { digest: digestOf(key), fingerprint, caller: callerOf(name, scopes, fingerprint) }
}

function callerOf(
  name: "bootstrap" | "introspection",
  scopes: readonly string[],
  fingerprint: string,
): Caller {
  const owner = { issuer: ISSUER, subject: name }
  return {
    owner: {
      ...owner,
      id: ownerIdOf(owner),
      email: null,
      role: scopes.includes(MANAGE) ? "admin" : "user",
      createdAt: null,
    },
    scopes,
    isScoped: true,
    manage: "write",
    via: "apiKey",
    apiKeyId: name,
    label: name,
    metadata: null,
    isConfigured: true,
    fingerprint,
  }
}
