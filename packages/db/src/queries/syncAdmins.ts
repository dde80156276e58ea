import { and, asc, count, eq, inArray, ne, notExists, notInArray, or } from "drizzle-orm"
import { write } from "../query.ts"
import { users } from "../schema.ts"

/**
 * Makes the users with these emails (lower case) administrators, and nobody else.
 *
 * @returns how many of the emails are not registered.
 */
export const syncAdmins = write(
  async (db, { emails }: { emails: readonly string[] }): Promise<number> =>
    db.transaction(async (tx) => {
      const named = [...new Set(emails)]
      // Locks users in the same order as changes by administrators, and updates no others, to prevent deadlocks.
      const locked = await tx
        .select({ id: users.id })
        .from(users)
        .where(or(eq(users.role, "admin"), inArray(users.email, named)))
        .orderBy(users.id)
        .for("no key update")
      const isLocked = inArray(
        users.id,
        locked.map(({ id }) => id),
      )
      await tx
        .update(users)
        .set({ role: "user" })
        .where(and(isLocked, eq(users.role, "admin"), notInArray(users.email, named)))
      await tx
        .update(users)
        .set({ role: "admin" })
        .where(and(isLocked, inArray(users.email, named), ne(users.role, "admin")))
      const [registered] = await tx.select({ users: count() }).from(users).where(inArray(users.email, named))
      return named.length - (registered?.users ?? 0)
    }),
)

/** Makes the oldest user an administrator if there is none. */
export const appointOldestUser = write<void, void>(async (db) => {
  const admins = db.select({ id: users.id }).from(users).where(eq(users.role, "admin"))
  const oldest = db.select({ id: users.id }).from(users).orderBy(asc(users.createdAt), asc(users.id)).limit(1)
  await db
    .update(users)
    .set({ role: "admin" })
    .where(and(inArray(users.id, oldest), notExists(admins)))
})
