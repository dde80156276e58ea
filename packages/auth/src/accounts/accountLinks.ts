/** The pages of the dashboard that links lead to. */
const PAGES = { passwordReset: "/reset-password", emailVerification: "/verify-email" }

export type LinkKind = keyof typeof PAGES

/**
 * The page for a token. The token is in the fragment, which browsers don't send to any server, so no log and no
 * `Referer` contains it.
 *
 * @param publicUrl where users reach the dashboard.
 */
export const linkTo = (publicUrl: string, kind: LinkKind, token: string) =>
  `${publicUrl.replace(/\/+$/, "")}${PAGES[kind]}#token=${token}`
