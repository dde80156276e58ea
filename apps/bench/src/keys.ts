import { createHmac } from "node:crypto"

/** API keys by number: every process of the benchmark can name the same ones without being told them. */
export interface KeyRange {
  from: number
  count: number
  /** From one key to the next; above 1 they are spread over the whole table. */
  step: number
}

export const apiKeyAt = (index: number) =>
  createHmac("sha256", "latchkey/bench/v1").update(`${index}`).digest("hex")

/** Well-formed, with the lookup id of a key that exists, and wrong. `variant` makes them differ. */
export const guessAt = (index: number, variant: number) =>
  apiKeyAt(index).slice(0, 16) + apiKeyAt(-1 - variant).slice(16)

/** Well-formed, with a lookup id that does not exist. */
export const unknownKeyAt = (variant: number) => apiKeyAt(-1 - variant)

export const apiKeysOf = ({ from, count, step }: KeyRange) =>
  Array.from({ length: count }, (_, i) => apiKeyAt(from + i * step))

/** So many of a table's keys, evenly spread over it. */
export const spread = (count: number, size: number): KeyRange => ({
  from: 0,
  count,
  step: Math.floor(size / count),
})
