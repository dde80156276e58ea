import { sql } from "drizzle-orm"
import { apiKeys } from "../schema/apiKeys.ts"

/** Disables a key until somebody enables it. */
export const disabling = {
  disabledAt: sql`now()`,
  checks: sql`array_append(array_remove(${apiKeys.checks}, 'disabled'), 'disabled')`,
}
