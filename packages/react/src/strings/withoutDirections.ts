/** Embeddings, overrides and isolates (UAX #9, section 2). The marks LRM, RLM and ALM have no effect on other text. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g

/**
 * A text that is to be part of a sentence, without characters that would reorder the rest of it. Anybody who may create
 * keys for an owner chooses their labels, by which other people decide what to revoke.
 */
export const withoutDirections = (text: string): string => text.replaceAll(DIRECTIONS, "")
