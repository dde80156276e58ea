/** A key that a server has acknowledged, and how far its revocation is. */
export interface KnownKey {
  readonly id: string
  readonly key: string
  /** `begun`: it may be done or not. */
  revocation: "none" | "begun" | "acknowledged"
}

/**
 * What an answer about a key says:
 * - `stale`: a key was accepted by a request that began after its revocation was acknowledged;
 * - `lost`: a key was refused whose creation was acknowledged and that nobody has tried to revoke;
 * - `unavailable`: neither accepted nor refused.
 */
export type Judgement = "right" | "stale" | "lost" | "unavailable"

/** Judges the answers to requests by what was acknowledged before they began. */
export interface Ledger {
  readonly live: readonly KnownKey[]
  readonly revoked: readonly KnownKey[]
  /** All keys that the ledger knows. */
  readonly all: readonly KnownKey[]
  add(key: Pick<KnownKey, "id" | "key">): void
  /** Call before a revocation is sent. */
  begin(key: KnownKey): void
  acknowledge(key: KnownKey): void
  /** Forgets keys that turned out lost, so that they count once. */
  forget(keys: ReadonlySet<KnownKey>): void
  /** Call before a request is sent. @returns judges the status of its answer; 0 for none. */
  ask(key: KnownKey): (status: number) => Judgement
}

export function createLedger(): Ledger {
  let all: KnownKey[] = []
  const live = new Set<KnownKey>()
  let revoked: KnownKey[] = []
  return {
    get all() {
      return all
    },
    get revoked() {
      return revoked
    },
    get live() {
      return [...live]
    },
    add({ id, key }) {
      const known: KnownKey = { id, key, revocation: "none" }
      all.push(known)
      live.add(known)
    },
    begin(key) {
      if (key.revocation === "none") key.revocation = "begun"
    },
    acknowledge(key) {
      key.revocation = "acknowledged"
      live.delete(key)
      revoked.push(key)
    },
    forget(keys) {
      all = all.filter((key) => !keys.has(key))
      revoked = revoked.filter((key) => !keys.has(key))
      for (const key of keys) live.delete(key)
    },
    ask(key) {
      const wasRevoked = key.revocation === "acknowledged"
      return (status) => {
        if (status === 401) return key.revocation === "none" ? "lost" : "right"
        if (status !== 200) return "unavailable"
        return wasRevoked ? "stale" : "right"
      }
    },
  }
}
