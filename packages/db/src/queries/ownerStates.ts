import { and, sql } from "drizzle-orm"
import { onPrimary } from "../driver/onPrimary.ts"
import { prepareOnce } from "../prepareOnce.ts"
import { query } from "../query.ts"
import { owners } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"

/** What authentication needs to know of an owner without an own account. */
export interface OwnerState {
  id: string
  createdAt: Date
  isDisabled: boolean
}

const ownerStates = prepareOnce((db) =>
  db
    .select({
      id: owners.id,
      createdAt: owners.createdAt,
      isDisabled: sql<boolean>`${owners.disabledAt} is not null`,
    })
    .from(owners)
    .where(and(onPrimary, anyOf(owners.id, sql.placeholder("ids"))))
    .prepare("owner_states"),
)

/** Returns the owners that have a row now, in no particular order. */
export const findOwnerStates = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<OwnerState[]> =>
    ownerStates(db).execute({ ids: joinIds(ids) }),
)
