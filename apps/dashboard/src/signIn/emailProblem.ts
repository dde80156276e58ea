/** Checks an email as far as possible in the browser. */
export const emailProblem = (email: string): string | undefined =>
  /^\S+@\S+$/.test(email) ? undefined : "Enter your email address."
