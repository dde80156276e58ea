import type { rotateApiKey as rotateApiKeyInput } from "@latchkey/contract/schemas"
import {
  type ActingCredential,
  confirmRevocation,
  type Database,
  findApiKey,
  rotateApiKey,
} from "@latchkey/db"
import type { z } from "zod"
import type { Origin } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { isUuid } from "../isUuid.ts"
import type { createKeyedMutex } from "../limits/keyedMutex.ts"
import type { Expiry } from "./expiry.ts"
import type { KeyRateLimits } from "./keyRateLimits.ts"
import type { MakeSecret } from "./newSecret.ts"
import { type CreatedApiKey, toApiKey } from "./toApiKey.ts"

/** How to replace a key. */
export type Rotation = Omit<z.output<typeof rotateApiKeyInput>, "id">

/**
 * Replaces a key for a caller who may act for its owner.
 *
 * @param input.copyScopes returns the scopes to store, given those of the old key.
 * @throws {AuthError} if this replacement is not possible.
 */
export type Rotate = (
  by: ActingCredential,
  input: {
    id: string
    copyScopes: (stored: readonly string[] | null) => readonly string[] | null
  } & Rotation,
  client: Origin,
) => Promise<CreatedApiKey | "notFound" | "ended">

export function createRotate({
  db,
  runExclusive,
  makeSecret,
  expiry,
  rateLimits,
}: {
  db: Database
  /** Runs an owner's creations of keys one at a time. */
  runExclusive: ReturnType<typeof createKeyedMutex>
  makeSecret: MakeSecret
  expiry: Expiry
  rateLimits: KeyRateLimits
}): Rotate {
  return async (by, { id, grace, expiresAt, copyScopes }, client) => {
    if (!isUuid(id)) return "notFound"
    const chosen = expiresAt === undefined ? undefined : expiry.ofNewKey(expiresAt)
    const ownerId = by.owner.id
    const secret = await runExclusive(ownerId, async () => {
      // Without a key to replace, no bcrypt runs. The transaction decides whether the key is still there.
      const found = await findApiKey(db, { id, ownerId })
      return found && !found.revokedAt ? makeSecret(ownerId) : null
    })
    if (!secret) {
      // This may repeat a call without a grace, of which it is not known yet whether all instances reject the key.
      await confirmRevocation(db, { key: { id, ownerId }, client })
      return "notFound"
    }
    const { key, stored } = secret
    const result = await rotateApiKey(db, {
      ...{ id, by, grace, client, successor: stored },
      decide: (before) =>
        refusing(() => ({
          differing: {
            expiresAt: chosen === undefined ? expiry.ofSuccessor(before.expiresAt) : chosen,
            scopes: copyScopes(before.scopes),
          },
        })),
    })
    if (result === "alreadyReplaced") {
      throw new AuthError("ALREADY_REPLACED", "Another key has already replaced this one.")
    }
    if (typeof result === "string") return result
    if ("refusal" in result) throw result.refusal
    const { lastUsedAt: _, revokedAt: __, ...created } = toApiKey(result.apiKey, rateLimits)
    return { ...created, key }
  }
}

/** Refusals are returned, because an error that leaves a transaction is taken for a failure of the database. */
function refusing<Result>(decide: () => Result): Result | { refusal: AuthError } {
  try {
    return decide()
  } catch (error) {
    if (error instanceof AuthError) return { refusal: error }
    throw error
  }
}
