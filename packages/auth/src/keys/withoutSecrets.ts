/**
 * A search term, cut off before the secret part of a key in it, in whatever form the key was pasted. Of a longer run
 * of hex digits, the first 16 remain, which is a key's public part. Of a long run of letters and digits, as in
 * imported keys, the first 4 remain. Everything after that is dropped. So a term that is not a key still finds texts
 * that contain or begin with it. PostgreSQL's log may contain search terms.
 */
export const withoutSecrets = (term: string): string => term.replace(HEX, "$1").replace(MIXED, "$1")

const HEX = /([0-9a-f]{16})[0-9a-f].*$/is

/**
 * At least 13 letters and digits, with at least one of each, except up to 16 hex digits. The parts of UUIDs are
 * shorter.
 */
const MIXED =
  /(?<![a-z0-9])(?![0-9a-f]{1,16}(?![a-z0-9]))(?=[a-z]*[0-9])(?=[0-9]*[a-z])([a-z0-9]{4})[a-z0-9]{9,}.*$/is
