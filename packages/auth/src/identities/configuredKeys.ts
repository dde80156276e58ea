import { createHash, timingSafeEqual } from "node:crypto"
import { parseKey } from "../keys/keyFormat.ts"
import type { Caller } from "./caller.ts"
import { ownerIdOf } from "./ownerIdOf.ts"
import { INTROSPECT, MANAGE } from "./scopes.ts"

/** Keys that are part of the server's configuration, for a start without anybody who signs in. */
export interface ConfiguredKeys {
  /** May manage keys and owners but own accounts, and introspect. */
  bootstrap?: readonly string[]
  /** May introspect. */
  introspection?: readonly string[]
}

/** The issuer of the owners that configured keys stand for. No identity has it. */
const ISSUER = "latchkey:configuration"

/**
 * Creates a function that finds the caller of a configured key. Its time does not depend on the configured keys.
 *
 * @throws {TypeError} for a text that does not have the form of a key.
 */
export function createFindConfiguredKey({
  bootstrap = [],
  introspection = [],
}: ConfiguredKeys): (apiKey: string) => Caller | null {
  const known = [
    ...bootstrap.map((key) => ({
      digest: digestOf(key),
      caller: callerOf("bootstrap", [INTROSPECT, MANAGE]),
    })),
    ...introspection.map((key) => ({
      digest: digestOf(key),
      caller: callerOf("introspection", [INTROSPECT]),
    })),
  ]
  if (![...bootstrap, ...introspection].every(parseKey)) {
    throw new TypeError("configuredKeys: expected texts in the form of a key")
  }
  if (known.length === 0) return () => null

  return (apiKey) => {
    const presented = digestOf(apiKey)
    let found: Caller | null = null
    for (const { digest, caller } of known) if (timingSafeEqual(digest, presented)) found = caller
    return found
  }
}

const digestOf = (key: string) => createHash("sha256").update(key).digest()

function callerOf(name: "bootstrap" | "introspection", scopes: readonly string[]): Caller {
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
  }
}
