import { createHash } from "node:crypto"
import { OWN_ISSUER, type OwnerIdentity } from "@latchkey/db"
import { uuidOf } from "../uuidOf.ts"

/**
 * The id of an owner, whether they have a row or not: for Latchkey's own accounts their subject, for all others a
 * UUIDv8 of SHA-256(issuer, NUL, subject) (RFC 9562, section 5.8).
 */
export function ownerIdOf({ issuer, subject }: Omit<OwnerIdentity, "id">): string {
  return issuer === OWN_ISSUER
    ? subject
    : uuidOf(createHash("sha256").update(`${issuer}\0${subject}`).digest())
}
