import { randomUUID } from "node:crypto"
import { type Database, recordKeyRefusal, type VerifiableApiKey } from "@latchkey/db"
import type { Presenter } from "../../clientInfo.ts"
import { createCache } from "../../createCache.ts"
import { addressBlock } from "../../limits/addressBlock.ts"

const HOUR_MS = 3_600_000

/** The number of keys and blocks that this process remembers. */
const MAX_REMEMBERED = 10_000

/**
 * The maximum number of refusals that are being recorded at once. Anyone who holds a key can cause any number of
 * them.
 */
const MAX_IN_FLIGHT = 2

/** Records in owners' audit trails that a key was used from an address that it does not allow. */
export interface KeyRefusals {
  /** Records it in the background, once an hour for each key and block of addresses. */
  note(row: Pick<VerifiableApiKey, "id" | "label" | "owner">, client: Presenter): void
  /** Resolves when everything noted so far has been recorded, or has failed. */
  flush(): Promise<void>
}

/** @param onError called when recording fails. It is tried again at the next refusal. */
export function createKeyRefusals(db: Database, onError: (error: unknown) => void): KeyRefusals {
  const noted = createCache<true>(MAX_REMEMBERED, { ttl: HOUR_MS })
  const inFlight = new Set<Promise<void>>()

  async function record(
    name: string,
    { id, label, owner }: Parameters<KeyRefusals["note"]>[0],
    client: Presenter,
  ) {
    const { knownAddress: address = null, requestId = randomUUID(), device = null } = client
    try {
      await recordKeyRefusal(db, {
        ownerId: owner.id,
        apiKey: { id, label },
        block: blockOf(client),
        client: { address, requestId, device },
      })
    } catch (error) {
      noted.delete(name)
      onError(error)
    }
  }

  return {
    note(row, client) {
      const name = `${row.id} ${blockOf(client)}`
      if (noted.has(name) || inFlight.size >= MAX_IN_FLIGHT) return
      noted.set(name, true)
      const recorded = record(name, row, client).finally(() => inFlight.delete(recorded))
      inFlight.add(recorded)
    },
    async flush() {
      await Promise.all(inFlight)
    },
  }
}

const blockOf = ({ knownAddress }: Presenter) => (knownAddress ? addressBlock(knownAddress) : "")
