import { inArray, type SQLWrapper, sql } from "drizzle-orm"
import { owners } from "../../schema/owners.ts"

/** The issuer of Latchkey's own accounts. */
export const OWN_ISSUER = "latchkey"

/** Whether a row of owners has one of these issuers; any row has if they are left out. */
export const hasIssuer = (issuers: readonly string[] | undefined, issuer: SQLWrapper = owners.issuer) =>
  issuers && inArray(issuer, [...issuers])

/** Identifies an owner who may have no row yet. */
export interface OwnerIdentity {
  id: string
  issuer: string
  subject: string
}

/** The public columns of an owner. */
export const ownerColumns = {
  id: owners.id,
  issuer: owners.issuer,
  subject: owners.subject,
  email: owners.email,
  role: owners.role,
  createdAt: owners.createdAt,
}

export type StoredOwner = Pick<typeof owners.$inferSelect, keyof typeof ownerColumns>

/** The public columns of one of Latchkey's own accounts. A check constraint ensures that it has an email. */
export const userColumns = {
  id: owners.id,
  email: sql<string>`${owners.email}`,
  role: owners.role,
  createdAt: owners.createdAt,
}

/** An own account. */
export interface User extends Pick<StoredOwner, "id" | "role" | "createdAt"> {
  email: string
}
