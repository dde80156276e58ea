import { withoutDirections } from "@latchkey/react/internal"

/** The name of a user: the email of an account, or else the id at the issuer. */
export const nameOf = ({ email, subject }: { email: string | null; subject: string }): string =>
  withoutDirections(email ?? subject)
