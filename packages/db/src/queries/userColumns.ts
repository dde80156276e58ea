import { users } from "../schema.ts"

/** The public columns of a user, without the password hash. */
export const userColumns = {
  id: users.id,
  email: users.email,
  role: users.role,
  createdAt: users.createdAt,
}

export type User = Pick<typeof users.$inferSelect, keyof typeof userColumns>
