import { createHmac } from "node:crypto"

/** Deterministic API keys by number, so that processes can share keys without transferring them. */
export interface KeyRange {
  from: number
  count: number
  /** The distance from one key to the next. */
  step: number
}

export const apiKeyAt = (index: number) =>
  createHmac("sha256", "latchkey/bench/v1").update(`${index}`).digest("hex")

/** The key of a service that asks about the keys it receives. It has no row. */
export const INTROSPECTION_KEY = createHmac("sha256", "latchkey/bench/introspection/v1").digest("hex")

/** A wrong key with the lookup id of an existing one. Each `variant` is different. */
export const guessAt = (index: number, variant: number) =>
  apiKeyAt(index).slice(0, 16) + apiKeyAt(-1 - variant).slice(16)

/** A well-formed key whose lookup id does not exist. */
export const unknownKeyAt = (variant: number) => apiKeyAt(-1 - variant)

export const apiKeysOf = ({ from, count, step }: KeyRange) =>
  Array.from({ length: count }, (_, i) => apiKeyAt(from + i * step))

/** Selects `count` keys, spread evenly over a table of `size` keys. */
export const spread = (count: number, size: number): KeyRange => ({
  from: 0,
  count,
  step: Math.floor(size / count),
})
