import { expect } from "vitest"
import { rest } from "../testServer.ts"

/** What the service has acknowledged, and so must keep to whatever happens. */
export interface Ledger {
  /** Makes a key; what is answered otherwise was not promised. */
  create(url: string, accessToken: string): Promise<number>
  /** Revokes the oldest key that is still active; without an answer either outcome is right. */
  revoke(url: string): Promise<number>
  /** Asks again for the revocations that got no answer: each has happened, or happens now. */
  settle(url: string): Promise<void>
  /** Every acknowledged creation works, and every acknowledged revocation holds. */
  verify(url: string): Promise<void>
  created(): number
  revoked(): number
  /** Revocations without an answer. */
  open(): number
}

interface Entry {
  id: string
  apiKey: string
  accessToken: string
}

export function createLedger(): Ledger {
  const active: Entry[] = []
  const revoked: Entry[] = []
  const open: Entry[] = []

  const askToRevoke = async (url: string, { id, accessToken }: Entry) =>
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
      open.push(entry)
      const status = await askToRevoke(url, entry)
      if (status === 204) revoked.push(...open.splice(open.indexOf(entry), 1))
      return status
    },
    async settle(url) {
      for (const entry of open.splice(0)) {
        expect([204, 404]).toContain(await decided(() => askToRevoke(url, entry)))
        revoked.push(entry)
      }
    },
    async verify(url) {
      const statuses = (entries: Entry[]) =>
        inTurns(entries, ({ apiKey }) =>
          decided(async () => (await rest(url, "GET", "/auth/me", { apiKey })).status),
        )
      expect(new Set(await statuses(active))).toEqual(new Set(active.length > 0 ? [200] : []))
      expect(new Set(await statuses(revoked))).toEqual(new Set(revoked.length > 0 ? [401] : []))
    },
    created: () => active.length + open.length + revoked.length,
    revoked: () => revoked.length,
    open: () => open.length,
  }
}

/** The status of a call that is repeated for as long as there is no verdict: a busy machine may give none at first. */
export async function decided(call: () => Promise<number>): Promise<number> {
  for (;;) {
    const status = await call()
    if (status !== 503) return status
  }
}

/** Some at a time: a key whose receipt is gone costs a bcrypt, of which not all may wait at once. */
async function inTurns<Item, Result>(items: Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += 10) {
    results.push(...(await Promise.all(items.slice(from, from + 10).map(run))))
  }
  return results
}
