import { normalizeKnownEmail } from "@latchkey/contract"
import { resetSecondFactorOfEmail } from "@latchkey/db"
import { defineCommand, failure, WrongUsage } from "./command.ts"
import { COMMAND_LINE, fromCommandLine } from "./io.ts"
import { withAccounts } from "./withDatabase.ts"

/** `reset-second-factor <email>`: removes an account's authenticator app and recovery codes, and ends its sessions. */
export const resetSecondFactor = defineCommand({
  about: "Removes an account's authenticator app and recovery codes, and ends its sessions.",
  operands: "<email>",
  least: 1,
  options: {},
  subject: "the reset",
  async run({ operands: [email = ""] }, { variables }) {
    const known = normalizeKnownEmail(email)
    if (known === null) throw new WrongUsage()
    const isReset = await withAccounts(variables, ({ db }) =>
      resetSecondFactorOfEmail(db, { email: known, actor: COMMAND_LINE, client: fromCommandLine() }),
    )
    if (!isReset) throw failure("there is no enabled account with this email")
    return { lines: ["the account has no second factor now"], json: { secondFactor: false } }
  },
})
