/** RFC 5321, section 4.5.3.1. Its limit of 256 for a path includes two angle brackets. */
const MAX_LENGTH = 254
const MAX_LOCAL_LENGTH = 64

/** The emails that a browser's `<input type="email">` accepts (HTML, section 4.10.5.1.5). */
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

/** The emails that earlier versions accepted, with longer local parts and other domains. */
const FORMER_EMAIL =
  /^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/

/**
 * Normalizes the email of a new account: lower case, with the domain in ASCII (IDNA), so that `user@почта.рф` and its
 * punycode are one account. Returns null for an invalid email. Accepts the emails that browsers accept and SMTP can
 * carry; local parts must be ASCII, although RFC 6531 allows others.
 */
export function normalizeEmail(text: string): string | null {
  const email = toAscii(text)
  const isEmail = EMAIL.test(email) && email.lastIndexOf("@") <= MAX_LOCAL_LENGTH && isShort(email)
  return isEmail ? email.toLowerCase() : null
}

/** Normalizes the email of an existing account. Also accepts the emails that earlier versions accepted. */
export function normalizeKnownEmail(text: string): string | null {
  return normalizeEmail(text) ?? (FORMER_EMAIL.test(text) && isShort(text) ? text.toLowerCase() : null)
}

/** Normalizes a part of an email for a search. A domain that is not ASCII is found only by whole labels. */
export const normalizeEmailPrefix = (text: string): string => toAscii(text).toLowerCase()

const isShort = (email: string) => email.length <= MAX_LENGTH

/** Encodes the domain of an email in ASCII. Returns the text unchanged if that is not necessary or not possible. */
function toAscii(text: string): string {
  const at = text.lastIndexOf("@")
  const domain = text.slice(at + 1)
  // `URL` parses the domain, so the domain must not contain a character that ends the host of a URL.
  const isInternational = /[^\0-\x7f]/.test(domain) && !/[\0-\x7f]/.test(domain.replace(/[A-Za-z0-9.-]/g, ""))
  if (at < 0 || !isShort(text) || !isInternational || !URL.canParse(`http://${domain}`)) return text
  return `${text.slice(0, at)}@${new URL(`http://${domain}`).hostname}`
}
