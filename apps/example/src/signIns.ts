import { createHash, randomBytes } from "node:crypto"
import bcrypt from "bcrypt"
import { and, eq, gt, sql } from "drizzle-orm"
import type { Database } from "./db/database.ts"
import { memberships, organizations, signIns, users } from "./db/schema.ts"

const HOURS_SIGNED_IN = 12

/** The signed-in user, and the organization for which they act. */
export interface Member {
  userId: string
  name: string
  email: string
  organization: { id: string; name: string }
  role: "viewer" | "editor"
}

/** Tidewater's own sign-in, by email, password and an opaque cookie. Latchkey is not involved. */
export interface SignIns {
  /** The value of a new cookie; null for a wrong email or password. */
  signIn(input: { email: string; password: string }): Promise<string | null>
  signOut(token: string): Promise<void>
  find(token: string): Promise<Member | null>
}

export function createSignIns(db: Database): SignIns {
  /** Compared with if there is no such user, so that both cases take the same time. */
  const dummyHash = bcrypt.hash(randomBytes(16).toString("hex"), 10)

  return {
    async signIn({ email, password }) {
      const [user] = await db
        .select({
          id: users.id,
          passwordHash: users.passwordHash,
          organizationId: memberships.organizationId,
        })
        .from(users)
        .innerJoin(memberships, eq(memberships.userId, users.id))
        .where(eq(users.email, email.toLowerCase()))
        .limit(1)
      const matches = await bcrypt.compare(password, user?.passwordHash ?? (await dummyHash))
      if (!user || !matches) return null
      const token = randomBytes(32).toString("base64url")
      await db.insert(signIns).values({
        tokenHash: hashOf(token),
        userId: user.id,
        organizationId: user.organizationId,
        expiresAt: new Date(Date.now() + HOURS_SIGNED_IN * 3_600_000),
      })
      return token
    },

    async signOut(token) {
      await db.delete(signIns).where(eq(signIns.tokenHash, hashOf(token)))
    },

    async find(token) {
      const [member] = await db
        .select({
          userId: users.id,
          name: users.name,
          email: users.email,
          organization: { id: organizations.id, name: organizations.name },
          role: memberships.role,
        })
        .from(signIns)
        .innerJoin(users, eq(users.id, signIns.userId))
        .innerJoin(organizations, eq(organizations.id, signIns.organizationId))
        // Someone who has left the organization no longer acts for it.
        .innerJoin(
          memberships,
          and(eq(memberships.userId, users.id), eq(memberships.organizationId, organizations.id)),
        )
        .where(and(eq(signIns.tokenHash, hashOf(token)), gt(signIns.expiresAt, sql`now()`)))
      return member ?? null
    },
  }
}

const hashOf = (token: string) => createHash("sha256").update(token).digest("hex")
