import type { SealedSecret, SecondFactorProof } from "@latchkey/db"
import type { Keyring } from "../../crypto/keyring.ts"
import { hashRecoveryCode } from "./recoveryCodes.ts"
import { openSecret, sealSecret } from "./sealedSecret.ts"
import { stepOfCode } from "./totp.ts"

/** A code as the user typed it. */
export type TypedCode =
  | { totp: string; recoveryCode?: undefined }
  | { recoveryCode: string; totp?: undefined }

/** The field of the input that has the code. */
export const fieldOf = ({ totp }: TypedCode) => (totp === undefined ? "recoveryCode" : "totp")

/**
 * Checks a code as far as that is possible without the database, which decides whether it was used before.
 *
 * @returns null for a wrong code.
 */
export function proofOf(
  keyring: Keyring,
  { userId, stored }: { userId: string; stored: SealedSecret },
  code: TypedCode,
): SecondFactorProof | null {
  if (code.totp === undefined) return { by: "recoveryCode", codeHash: hashRecoveryCode(code.recoveryCode) }
  const secret = openSecret(keyring, userId, stored)
  const step = secret && stepOfCode(secret, code.totp)
  if (!secret || step === null) return null
  const isOutdated = stored.secretId !== keyring.current.id
  const resealed = isOutdated ? sealSecret(keyring, userId, secret) : null
  return { by: "totp", sealedSecret: stored.sealedSecret, step, resealed }
}
