import { and, eq, sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import type { SeenRow } from "../../leases/leasedRead.ts"
import { prepareOnce } from "../../prepareOnce.ts"
import { query } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { position, timeline } from "../server/leases.ts"

/** What authentication needs to know about an owner without an account of Latchkey's own. */
export interface OwnerState {
  id: string
  createdAt: Date
  isDisabled: boolean
}

/** The same for an owner who may have no row, for instances that hold leases. */
export interface LeasedOwnerState extends Omit<OwnerState, "createdAt"> {
  createdAt: Date | null
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

const leasedOwnerStates = prepareOnce((db) =>
  db
    .select({
      id: sql<string>`wanted.id`,
      createdAt: owners.createdAt,
      isDisabled: sql<boolean>`${owners.disabledAt} is not null`,
      timeline,
      position,
    })
    .from(sql`unnest(string_to_array(${sql.placeholder("ids")}, ',')::uuid[]) as wanted (id)`)
    .leftJoin(owners, eq(owners.id, sql`wanted.id`))
    .where(onPrimary)
    .prepare("leased_owner_states"),
)

/** The state of each owner, with the position at which it was read, including owners who have no row. */
export const findLeasedOwnerStates = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<SeenRow<LeasedOwnerState>[]> => {
    const rows = await leasedOwnerStates(db).execute({ ids: joinIds(ids) })
    return rows.map(({ timeline, position, ...row }) => ({ row, seen: { timeline, position } }))
  },
)
