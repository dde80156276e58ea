import { createHash } from "node:crypto"
import { OWN_ISSUER, type OwnerIdentity } from "@latchkey/db"

/**
 * The id of an owner, whether they have a row or not: for own accounts their subject, for all others a UUIDv8 of
 * SHA-256(issuer, NUL, subject) (RFC 9562, section 5.8).
 */
export function ownerIdOf({ issuer, subject }: Omit<OwnerIdentity, "id">): string {
  if (issuer === OWN_ISSUER) return subject
  const bytes = createHash("sha256").update(`${issuer}\0${subject}`).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
