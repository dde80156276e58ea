import { createOpaqueToken, linkTo, RESET_LINK_TTL } from "@latchkey/auth"
import { normalizeKnownEmail } from "@latchkey/contract"
import { storePasswordReset } from "@latchkey/db"
import { publicUrl } from "../options/fields.ts"
import { defineCommand, failure, WrongUsage } from "./command.ts"
import { readPublicUrl } from "./env.ts"
import { COMMAND_LINE, fromCommandLine } from "./io.ts"
import { withAccounts } from "./withDatabase.ts"

/** `reset-password <email>`: prints a link to set the account's password, once and within an hour. */
export const resetPassword = defineCommand({
  about: "Prints a link to set an account's password, once and within an hour.",
  operands: "<email>",
  least: 1,
  options: {},
  subject: "the reset",
  async run({ operands: [email = ""] }, { variables }) {
    const known = normalizeKnownEmail(email)
    if (known === null) throw new WrongUsage()
    const site = readPublicUrl(variables)
    if (site !== undefined && !publicUrl.safeParse(site).success)
      throw failure("PUBLIC_URL: expected a URL such as https://keys.company.tld")
    const { token, tokenHash } = createOpaqueToken()
    const stored = await withAccounts(variables, ({ db }) =>
      storePasswordReset(db, {
        email: known,
        token: { tokenHash, ttl: RESET_LINK_TTL },
        via: "server",
        actor: COMMAND_LINE,
        client: fromCommandLine(),
      }),
    )
    if (!stored) throw failure("there is no enabled account with this email")
    const link = linkTo(site ?? "", "passwordReset", token)
    const expiresAt = stored.expiresAt.toISOString()
    return {
      lines: [
        link,
        `sets the password once, until ${expiresAt}`,
        ...(site === undefined ? ["PUBLIC_URL is not set: put the address of the dashboard in front"] : []),
      ],
      json: { link, expiresAt },
    }
  },
})
