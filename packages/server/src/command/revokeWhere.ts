import { AuthError, createKeyRateLimits, createRevokeWhere } from "@latchkey/auth"
import { revokeWhereConditions } from "@latchkey/contract/schemas"
import type { z } from "zod"
import { byCommandLine } from "./byCommandLine.ts"
import { defineCommand, failure, WrongUsage } from "./command.ts"
import { type CommandIo, fromCommandLine } from "./io.ts"
import { withAccounts } from "./withDatabase.ts"

const text = (value: string, about: string) => ({ type: "string", value, about }) as const

/** The options for the conditions, by the condition's name. */
const CONDITIONS = {
  createdBefore: "created-before",
  createdAfter: "created-after",
  unusedSince: "unused-since",
  issuer: "issuer",
  subject: "subject",
  createdBy: "created-by",
  labelContains: "label-contains",
  scope: "scope",
} as const

/**
 * `keys revoke-where`: revokes the keys, of all users, that meet all conditions. This takes two steps: a preview
 * tells how many there are, and returns the id that confirms the revocation.
 */
export const revokeWhere = defineCommand({
  about: "Revokes all users' keys that meet all conditions, after a preview.",
  options: {
    preview: {
      type: "boolean",
      about: "show what would be revoked, and the id that confirms it for 10 minutes",
    },
    confirm: text("<id>", "revoke what was previewed with the same conditions"),
    "created-before": text("<time>", "in ISO 8601, such as 2030-01-31T00:00:00Z"),
    "created-after": text("<time>", "or at that time"),
    "unused-since": text("<time>", "neither used nor created since then"),
    issuer: text("<issuer>", "the owner's"),
    subject: text("<subject>", "the owner's"),
    "created-by": text("<actor>", "who created the key"),
    "label-contains": text("<text>", "any part of the label, ignoring case"),
    scope: text("<scope>", "also finds keys that have every scope of their owner"),
  },
  exitsWith2: "some keys may not be revoked yet; run it again with the same id",
  subject: "the revocation",
  async run({ options: { preview, confirm, ...conditions } }, io) {
    if ((preview === true) === (confirm !== undefined)) throw new WrongUsage()
    const where = read(conditions)
    return withAccounts(io.variables, async ({ db }) => {
      const revocation = createRevokeWhere(db, createKeyRateLimits(null))
      try {
        return confirm === undefined
          ? describe(await revocation.preview(byCommandLine, where))
          : await revokeAll(
              () => revocation.confirm(byCommandLine, { where, confirm }, fromCommandLine()),
              io,
            )
      } catch (error) {
        if (error instanceof AuthError && error.reason === "INVALID_INPUT")
          throw failure(
            error.field === "confirm"
              ? `--confirm: ${error.message}`
              : "--label-contains: must not contain a key",
          )
        throw error
      }
    })
  },
})

type Conditions = z.output<typeof revokeWhereConditions>
type Preview = Awaited<ReturnType<ReturnType<typeof createRevokeWhere>["preview"]>>

function read(given: Readonly<Record<string, string | undefined>>): Conditions {
  const where = Object.fromEntries(
    Object.entries(CONDITIONS).flatMap(([name, option]) =>
      given[option] === undefined ? [] : [[name, given[option]]],
    ),
  )
  const checked = revokeWhereConditions.safeParse(where)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const option = CONDITIONS[String(issue?.path[0]) as keyof typeof CONDITIONS]
  throw failure(option === undefined ? `the revocation ${issue?.message}` : `--${option}: ${issue?.message}`)
}

function describe({ count, sample, confirm }: Preview) {
  return {
    lines: [
      `would revoke ${count} keys${count > 0 ? ", such as:" : ""}`,
      ...sample.map(
        ({ id, start, label, owner }) => `  ${id}  ${start}…  ${label}  (${owner.email ?? owner.subject})`,
      ),
      `to revoke them within 10 minutes, run it with --confirm ${confirm} in place of --preview`,
    ],
    json: { count, sample, confirm },
  }
}

/** How often it retries when the database can't answer. Retries after its own time limit don't count. */
const MAX_FAILURES = 5

async function revokeAll(confirm: () => Promise<{ revoked: number }>, { showProgress }: CommandIo) {
  for (let failures = 0; ; ) {
    try {
      const { revoked } = await confirm()
      showProgress?.("")
      return { lines: [`revoked ${revoked} keys`], json: { revoked, finished: true } }
    } catch (error) {
      if (!(error instanceof AuthError) || !error.begun) throw error
      showProgress?.(error.message)
      if (error.cause !== undefined && ++failures === MAX_FAILURES) {
        showProgress?.("")
        return { exitCode: 2 as const, lines: [], errors: [error.message], json: { finished: false } }
      }
    }
  }
}
