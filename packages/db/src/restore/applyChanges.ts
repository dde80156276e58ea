import type { Database } from "../database.ts"
import { anyOf, joinIds } from "../queries/anyOf.ts"
import { owners } from "../schema.ts"
import { applyFactors, endPasswords } from "./applyAccounts.ts"
import { applyKeys } from "./applyKeys.ts"
import { applyOwners } from "./applyOwners.ts"
import type { LoggedChange } from "./findChanges.ts"
import { findOwnChanges } from "./findOwnChanges.ts"
import type { ChangeOf } from "./recordset.ts"

/** What a restored database got back from the log, by the number of rows. */
export interface Applied {
  keysRevoked: number
  keysChanged: number
  ownersDisabled: number
  ownersEnabled: number
  ownersErased: number
  passwordsEnded: number
  secondFactorsChanged: number
}

/**
 * Gives the subjects of changes the rights that they had after them. What a restored database lacks, it goes without. A subject
 * that the database has changed on its own gets no rights back.
 *
 * @param changes the last change of each subject and kind.
 * @param options.after the position of the database up to which the log has all of its changes.
 * @param options.unusableHash the hash that stands for passwords that have changed.
 */
export async function applyChanges(
  tx: Database,
  changes: readonly LoggedChange[],
  { after, unusableHash }: { after: number; unusableHash: string },
): Promise<Applied> {
  const ownChanges = await findOwnChanges(tx, { after })
  const of = <Kind extends LoggedChange["kind"]>(kind: Kind) =>
    changes.filter((change): change is ChangeOf<Kind> => change.kind === kind)
  const factors = await applyFactors(tx, of("factor"))
  const passwords = [...of("password").map(({ id }) => id), ...factors.unprotected]
  const ended = await endPasswords(tx, anyOf(owners.id, joinIds(passwords)), unusableHash)
  return {
    ...(await applyOwners(tx, of("owner"), ownChanges)),
    ...(await applyKeys(tx, of("key"), ownChanges)),
    passwordsEnded: ended,
    secondFactorsChanged: factors.changed,
  }
}
