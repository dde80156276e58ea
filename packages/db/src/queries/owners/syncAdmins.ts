import { and, asc, count, eq, inArray, isNull, ne, notExists, or, sql } from "drizzle-orm"
import { write } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import { endLinksCreatedBy, endResetLinks } from "../accounts/endResetLinks.ts"
import { OWN_ISSUER } from "./ownerColumns.ts"

/**
 * Makes the users with these emails (lower case) administrators, and nobody else. If an email has to be verified, it
 * counts only once a session of its account has verified it.
 *
 * @returns how many of the emails are not registered.
 */
export const syncAdmins = write(
  async (db, { emails }: { emails: readonly string[] }): Promise<number> =>
    db.transaction(async (tx) => {
      const named = [...new Set(emails)]
      // Locks users in the same order as changes by administrators, and updates no others, to prevent deadlocks.
      const locked = await tx
        .select({ id: owners.id })
        .from(owners)
        .where(or(eq(owners.role, "admin"), inArray(owners.email, named)))
        .orderBy(owners.id)
        .for("no key update")
      const isLocked = inArray(
        owners.id,
        locked.map(({ id }) => id),
      )
      const isNamed = and(inArray(owners.email, named), eq(owners.mustVerifyEmail, false))
      const demoted = await tx
        .update(owners)
        .set({ role: "user" })
        .where(and(isLocked, eq(owners.role, "admin"), sql`not (${isNamed})`))
        .returning({ id: owners.id })
      await endLinksCreatedBy(
        tx,
        demoted.map(({ id }) => id),
      )
      const promoted = await tx
        .update(owners)
        .set({ role: "admin" })
        .where(and(isLocked, isNamed, ne(owners.role, "admin")))
        .returning({ id: owners.id })
      await endResetLinks(
        tx,
        promoted.map(({ id }) => id),
      )
      const [registered] = await tx
        .select({ users: count() })
        .from(owners)
        .where(inArray(owners.email, named))
      return named.length - (registered?.users ?? 0)
    }),
)

/**
 * Makes the oldest user an administrator if there is none.
 *
 * @returns whether there is an administrator now: not before the first user is there.
 */
export const appointOldestUser = write<void, boolean>(async (db) => {
  const isAdmin = eq(owners.role, "admin")
  const admins = db.select({ id: owners.id }).from(owners).where(isAdmin)
  const oldest = db
    .select({ id: owners.id })
    .from(owners)
    .where(and(eq(owners.issuer, OWN_ISSUER), isNull(owners.erasedAt)))
    .orderBy(asc(owners.createdAt), asc(owners.id))
    .limit(1)
  return db.transaction(async (tx) => {
    const appointed = await tx
      .update(owners)
      .set({ role: "admin" })
      // An update that has waited for an erasure sees the new row, but the subquery still has the old one.
      .where(and(inArray(owners.id, oldest), isNull(owners.erasedAt), notExists(admins)))
      .returning({ id: owners.id })
    await endResetLinks(
      tx,
      appointed.map(({ id }) => id),
    )
    return (await tx.select({ id: owners.id }).from(owners).where(isAdmin).limit(1)).length > 0
  })
})
