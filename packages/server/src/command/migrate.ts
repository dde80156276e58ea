import type { Command } from "./io.ts"
import { explain, withDatabase } from "./withDatabase.ts"

/** `migrate [--check]`: exits with 0 when the schema is current, with 2 when `--check` finds something pending. */
export const migrate: Command = async (args, { variables, print, printError }) => {
  if (args.length > 1 || (args[0] ?? "--check") !== "--check") return null
  try {
    return await withDatabase(variables, async (database) => {
      const pending = await database.pendingMigrations()
      for (const step of pending) print(args.length > 0 ? `pending: ${step}` : step)
      if (pending.length === 0) print("the schema is current")
      else if (args.length > 0) return 2
      else await database.migrate()
      return 0
    })
  } catch (error) {
    printError(explain(error, "the migration"))
    return 1
  }
}
