import { type SQL, sql } from "drizzle-orm"
import type { LoggedChange } from "./findChanges.ts"

export type ChangeOf<Kind extends LoggedChange["kind"]> = Extract<LoggedChange, { kind: Kind }>

/** Rows as a table `after`. */
export const recordset = (rows: readonly object[], columns: SQL) =>
  sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as after(${columns})`
