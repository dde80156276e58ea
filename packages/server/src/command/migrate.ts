import { keepMonths } from "@latchkey/db"
import { defineCommand } from "./command.ts"
import { withDatabase } from "./withDatabase.ts"

/**
 * For servers whose role can't create partitions: how many months they can continue without another run of this
 * command.
 */
const MONTHS_AHEAD = 12

/** In days. */
const FOREVER = 1_000 * 365

/** `migrate [--check]`: exits with 0 when the schema is current, with 2 when `--check` finds something pending. */
export const migrate = defineCommand({
  about: "Creates the tables, or brings them up to date.",
  options: { check: { type: "boolean", about: "only report what is pending" } },
  exitsWith2: "something is pending (--check)",
  subject: "the migration",
  run: ({ options: { check = false } }, { variables }) =>
    withDatabase(variables, async (database) => {
      const pending = await database.pendingMigrations()
      if (!check) {
        if (pending.length > 0) await database.migrate()
        await makeMonths(database.db)
      }
      return {
        exitCode: check && pending.length > 0 ? 2 : 0,
        lines:
          pending.length === 0
            ? ["the schema is current"]
            : pending.map((step) => (check ? `pending: ${step}` : step)),
        json: check ? { pending } : { applied: pending },
      }
    }),
})

async function makeMonths(db: Parameters<typeof keepMonths>[0]): Promise<void> {
  const onError = (error: unknown) => {
    throw error
  }
  // Drops nothing, because only the server knows how long events are kept.
  for (const table of ["auditEvents", "usage"] as const)
    await keepMonths(db, { table, days: FOREVER, ahead: MONTHS_AHEAD, onError })
}
