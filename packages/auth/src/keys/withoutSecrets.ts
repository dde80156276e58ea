/**
 * A search term up to the secret part of a key in it, in whatever form that was pasted. Of a longer run of hex digits, the
 * first 16 remain, as a key's public part; of a long run of letters and digits, as imported keys have, the first 4; and
 * nothing after it. So a term that is no key still finds what it is the beginning or a part of. PostgreSQL's log may contain
 * what is searched for.
 */
export const withoutSecrets = (term: string): string => term.replace(HEX, "$1").replace(MIXED, "$1")

const HEX = /([0-9a-f]{16})[0-9a-f].*$/is

/** At least 13 letters and digits, both among them, but for up to 16 hex digits. The parts of UUIDs are shorter. */
const MIXED =
  /(?<![a-z0-9])(?![0-9a-f]{1,16}(?![a-z0-9]))(?=[a-z]*[0-9])(?=[0-9]*[a-z])([a-z0-9]{4})[a-z0-9]{9,}.*$/is
