import { expect } from "vitest"
import { rest } from "../testServer.ts"

/** Records which changes the server has acknowledged. These must hold in any case. */
export interface Ledger {
  /** Creates a key, and records it if the status is 201. Returns the status. */
  create(url: string, accessToken: string): Promise<number>
  /** Revokes the oldest active key. Until the status is 204, either outcome is valid. Returns the status. */
  revoke(url: string): Promise<number>
  /** Retries the undecided revocations: each has already happened or happens now. */
  settle(url: string): Promise<void>
  /** Asserts that every acknowledged key works and every acknowledged revocation holds. */
  verify(url: string): Promise<void>
  created(): number
  revoked(): number
  /** The number of revocations that were sent and not acknowledged. */
  undecided(): number
}

interface Entry {
  id: string
  apiKey: string
  accessToken: string
}

export function createLedger(): Ledger {
  const active: Entry[] = []
  const revoked: Entry[] = []
  const undecided: Entry[] = []

  const sendRevocation = async (url: string, { id, accessToken }: Entry) =>
    (await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status

  return {
    async create(url, accessToken) {
      const { status, body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
      if (status === 201) active.push({ id: body.id, apiKey: body.key, accessToken })
      return status
    },
    async revoke(url) {
      const entry = active.shift()
      if (!entry) return 204
      undecided.push(entry)
      const status = await sendRevocation(url, entry)
      if (status === 204) revoked.push(...undecided.splice(undecided.indexOf(entry), 1))
      return status
    },
    async settle(url) {
      for (const entry of undecided.splice(0)) {
        expect([204, 404]).toContain(await retryUnavailable(() => sendRevocation(url, entry)))
        revoked.push(entry)
      }
    },
    async verify(url) {
      const statuses = (entries: Entry[]) =>
        inBatches(entries, ({ apiKey }) =>
          retryUnavailable(async () => (await rest(url, "GET", "/auth/me", { apiKey })).status),
        )
      expect(new Set(await statuses(active))).toEqual(new Set(active.length > 0 ? [200] : []))
      expect(new Set(await statuses(revoked))).toEqual(new Set(revoked.length > 0 ? [401] : []))
    },
    created: () => active.length + undecided.length + revoked.length,
    revoked: () => revoked.length,
    undecided: () => undecided.length,
  }
}

/** Repeats a call while it gets a 503, as it may on a busy machine, and returns the final status. */
export async function retryUnavailable(call: () => Promise<number>): Promise<number> {
  for (;;) {
    const status = await call()
    if (status !== 503) return status
  }
}

/** In batches, because a key without a receipt costs a bcrypt, and the queue of bcrypts is limited. */
async function inBatches<Item, Result>(
  items: Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += 10) {
    results.push(...(await Promise.all(items.slice(from, from + 10).map(run))))
  }
  return results
}
