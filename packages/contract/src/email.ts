/** RFC 5321, section 4.5.3.1, and its path limit without the angle brackets. */
const MAX_LENGTH = 254
const MAX_LOCAL_LENGTH = 64

/** What a browser's `<input type="email">` takes (HTML, section 4.10.5.1.5). */
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

/** What versions before this rule took, longer local parts and other domains among them. */
const FORMER_EMAIL =
  /^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/

/**
 * The form in which an account has its email, or null for text that is no email of a new account: in lower case, the
 * domain in ASCII (IDNA), so that `user@почта.рф` and its punycode are one account. Takes what a browser's
 * `type="email"` takes and SMTP can carry. Of RFC 6531 that leaves out local parts that are not ASCII.
 */
export function normalizeEmail(text: string): string | null {
  const email = toAscii(text)
  const isEmail = EMAIL.test(email) && email.lastIndexOf("@") <= MAX_LOCAL_LENGTH && isShort(email)
  return isEmail ? email.toLowerCase() : null
}

/** The same for an email that should have an account already: takes those of earlier versions too. */
export function normalizeKnownEmail(text: string): string | null {
  return normalizeEmail(text) ?? (FORMER_EMAIL.test(text) && isShort(text) ? text.toLowerCase() : null)
}

/** The beginning of an email, to search for; a domain that is not ASCII can be found by whole labels. */
export const normalizeEmailPrefix = (text: string): string => toAscii(text).toLowerCase()

const isShort = (email: string) => email.length <= MAX_LENGTH

/** Puts the domain of an email into ASCII where it is not; the text as it is where that can't be done. */
function toAscii(text: string): string {
  const at = text.lastIndexOf("@")
  const domain = text.slice(at + 1)
  // `URL` reads the domain, so the domain must not contain a character that would end it there.
  const isInternational = /[^\0-\x7f]/.test(domain) && !/[\0-\x7f]/.test(domain.replace(/[A-Za-z0-9.-]/g, ""))
  if (at < 0 || !isShort(text) || !isInternational || !URL.canParse(`http://${domain}`)) return text
  return `${text.slice(0, at)}@${new URL(`http://${domain}`).hostname}`
}
