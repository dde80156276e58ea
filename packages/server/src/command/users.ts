import { ownerIdOf } from "@latchkey/auth"
import { normalizeKnownEmail } from "@latchkey/contract"
import {
  type AffectedOwner,
  type Database,
  disableUser as disable,
  enableUser as enable,
  findAccountId,
  type OwnerIdentity,
} from "@latchkey/db"
import { issuer as issuerField, subject as subjectField } from "../options/fields.ts"
import { byCommandLine } from "./byCommandLine.ts"
import { type Command, defineCommand, failure, WrongUsage } from "./command.ts"
import { fromCommandLine } from "./io.ts"
import { withAccounts } from "./withDatabase.ts"

const OPTIONS = {
  issuer: { type: "string", value: "<issuer>", about: "the user is this issuer's, and named by the subject" },
} as const

const commandOf = (about: string, change: typeof disable, state: "disabled" | "enabled"): Command =>
  defineCommand({
    about,
    operands: "<email | subject>",
    least: 1,
    options: OPTIONS,
    subject: "the change",
    async run({ operands: [name = ""], options: { issuer } }, { variables }) {
      const identifier = identifierOf(name, issuer)
      const id = await withAccounts(variables, async ({ db }) => {
        const affected = await find(db, identifier)
        if (!affected) return null
        const result = await change(db, { affected, by: byCommandLine, client: fromCommandLine() })
        return result === "done" ? affected.id : null
      })
      if (id === null) throw failure("there is no such user")
      return { lines: [`the user is ${state}`], json: { id, [state]: true } }
    },
  })

async function find(
  db: Database,
  identifier: { email: string } | OwnerIdentity,
): Promise<AffectedOwner | null> {
  if ("issuer" in identifier) return identifier
  const id = await findAccountId(db, identifier)
  return id === null ? null : { id }
}

/** @throws {WrongUsage} for anything but an email, if there is no issuer. */
function identifierOf(name: string, issuer: string | undefined) {
  if (issuer === undefined) {
    const email = normalizeKnownEmail(name)
    if (email === null) throw new WrongUsage()
    return { email }
  }
  const checked = issuerField.safeParse(issuer)
  if (!checked.success) throw failure(`--issuer: ${checked.error.issues[0]?.message}`)
  const subject = subjectField.safeParse(name)
  if (!subject.success) throw failure(`the subject: ${subject.error.issues[0]?.message}`)
  const identity = { issuer: checked.data, subject: subject.data }
  return { id: ownerIdOf(identity), ...identity }
}

export const disableUser = commandOf(
  "Disables a user: all sessions end, and all keys are rejected until the user is enabled again.",
  disable,
  "disabled",
)

export const enableUser = commandOf("Enables a user again. Ended sessions stay ended.", enable, "enabled")
