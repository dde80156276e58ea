/**
 * Whether a value can be the subject or actor of an identity: 1 to 255 characters, none of them a control character.
 * PostgreSQL can't store NUL or lone surrogates, and two subjects with lone surrogates would have the same digest.
 */
export const isSubject = (value: unknown): value is string =>
  typeof value === "string" &&
  value.length > 0 &&
  value.length <= 255 &&
  !/\p{Cc}/u.test(value) &&
  value.isWellFormed()
