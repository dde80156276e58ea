import type { Database } from "../database.ts"
import { anyOf, joinIds } from "../queries/anyOf.ts"
import { owners } from "../schema/owners.ts"
import { applyFactors, endPasswords } from "./applyAccounts.ts"
import { applyKeys } from "./applyKeys.ts"
import { applyOwners } from "./applyOwners.ts"
import type { LoggedChange } from "./findChanges.ts"
import type { ChangeOf } from "./recordset.ts"

/** How many rows of a restored database were changed according to the log. */
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
 * Gives the subjects of changes the rights that they had after them. Keys and accounts that a restored database lacks are not created.
 *
 * @param changes the last change of each subject and kind.
 * @param options.isContested whether the database, or another history, may have changed a subject too. It gets no rights back.
 * @param options.unusableHash the hash that stands for passwords that have changed.
 */
export async function applyChanges(
  tx: Database,
  changes: readonly LoggedChange[],
  { isContested, unusableHash }: { isContested: (id: string) => boolean; unusableHash: string },
): Promise<Applied> {
  const of = <Kind extends LoggedChange["kind"]>(kind: Kind) =>
    changes.filter((change): change is ChangeOf<Kind> => change.kind === kind)
  const factors = await applyFactors(tx, of("factor"))
  const passwords = [...of("password").map(({ id }) => id), ...factors.unprotected]
  const ended = await endPasswords(tx, anyOf(owners.id, joinIds(passwords)), unusableHash)
  return {
    ...(await applyOwners(tx, of("owner"), isContested)),
    ...(await applyKeys(tx, of("key"), isContested)),
    passwordsEnded: ended,
    secondFactorsChanged: factors.changed,
  }
}
