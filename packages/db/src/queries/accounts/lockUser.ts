import { and, eq, isNull, type SQL } from "drizzle-orm"
import type { Database } from "../../database.ts"
import { owners } from "../../schema/owners.ts"
import { OWN_ISSUER, type User, userColumns } from "../owners/ownerColumns.ts"

/** Locks an enabled user's row. Every change of an account begins with this. @returns null if there is none. */
export async function lockUser(tx: Database, condition: SQL | undefined): Promise<User | null> {
  const [user] = await tx
    .select(userColumns)
    .from(owners)
    .where(and(eq(owners.issuer, OWN_ISSUER), condition, isNull(owners.disabledAt)))
    .for("no key update")
  return user ?? null
}
