/** What to call a user: the email of an account, or else the id at the issuer that vouches for them. */
export const nameOf = ({ email, subject }: { email: string | null; subject: string }): string =>
  email ?? subject
