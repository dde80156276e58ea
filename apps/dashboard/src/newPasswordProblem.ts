/** What is wrong with a new password as far as it can be told here; the server has the last word. */
export function newPasswordProblem(password: string): string | undefined {
  if (password === "") return "Choose a password."
  if (new TextEncoder().encode(password).length < 12) return "Use at least 12 characters."
  return undefined
}
