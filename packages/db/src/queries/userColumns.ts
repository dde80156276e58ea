import { users } from "../schema.ts"

/** What others may see of a user: no password hash. */
export const userColumns = {
  id: users.id,
  email: users.email,
  role: users.role,
  createdAt: users.createdAt,
}

export type User = Pick<typeof users.$inferSelect, keyof typeof userColumns>
