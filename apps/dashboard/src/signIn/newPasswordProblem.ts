/**
 * Checks a new password as far as possible in the browser. The server has stricter rules. It counts bytes, but any 12
 * characters have at least 12 bytes.
 */
export function newPasswordProblem(password: string): string | undefined {
  if (password === "") return "Choose a password of at least 12 characters."
  if (new TextEncoder().encode(password).length < 12) return "Use at least 12 characters."
  return undefined
}
