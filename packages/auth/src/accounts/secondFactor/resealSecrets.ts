import { type Database, findSecondFactorsSealedBy, resealSecondFactor } from "@latchkey/db"
import type { Keyring } from "../../crypto/keyring.ts"
import { openSecret, sealSecret } from "./sealedSecret.ts"

const MAX_AT_ONCE = 500

const INTERVAL_MS = 5 * 60_000

/** Encrypts the secrets of authenticator apps by the current server secret. */
export interface Resealing {
  /** Stops after the secret in hand. */
  close(): Promise<void>
}

/**
 * During a rotation, encrypts all secrets of authenticator apps again, so that an app of a user who does not sign in
 * meanwhile works once the previous server secret is removed. It does so now, and repeats it, because an instance that
 * still uses the previous secret encrypts by that.
 */
export function createResealing(
  { db, keyring }: { db: Database; keyring: Keyring },
  onError: (error: unknown) => void,
): Resealing {
  if (keyring.previous.length === 0) return { close: async () => {} }
  let isClosed = false
  const secretIds = keyring.previous.map(({ id }) => id).filter((id) => id !== keyring.current.id)

  async function resealAll() {
    for (let after: string | null = null; !isClosed; ) {
      const rows = await findSecondFactorsSealedBy(db, { secretIds, after, limit: MAX_AT_ONCE })
      for (const { userId, ...stored } of rows) {
        const secret = openSecret(keyring, userId, stored)
        if (secret) {
          const to = sealSecret(keyring, userId, secret)
          await resealSecondFactor(db, { userId, from: stored.sealedSecret, to })
        }
        if (isClosed) return
        after = userId
      }
      if (rows.length < MAX_AT_ONCE) return
    }
  }
  let inFlight = resealAll().catch(onError)
  const timer = setInterval(() => {
    inFlight = inFlight.then(resealAll).catch(onError)
  }, INTERVAL_MS).unref()

  return {
    async close() {
      isClosed = true
      clearInterval(timer)
      await inFlight
    },
  }
}
