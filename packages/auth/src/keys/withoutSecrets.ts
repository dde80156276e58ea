/**
 * A search term up to the secret part of a key in it, in whatever form that was pasted: of a longer run of hex digits, the
 * first 16 remain, as a key's public part, and nothing after it. So a term that is no key still finds what it is the
 * beginning or a part of. PostgreSQL's log may contain what is searched for.
 */
export const withoutSecrets = (term: string): string => term.replace(/([0-9a-f]{16})[0-9a-f].*$/is, "$1")
