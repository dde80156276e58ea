import type { ImportedApiKey } from "@latchkey/db"
import type { Presenter } from "../../clientInfo.ts"
import type { KeyRejection, VerifiedKey } from "../verifying/keyRejection.ts"
import { createShare } from "../verifying/shareFlights.ts"
import type { ImportedKeys, Located } from "./importedKeys.ts"

/** The steps that imported keys share with others. */
export interface VerificationSteps {
  accept(row: ImportedApiKey, client: Presenter): VerifiedKey
  reject(cause: KeyRejection["cause"], apiKeyId?: string): KeyRejection
  /** Resolves to whether the key is still valid. */
  renewReceipt(row: ImportedApiKey, apiKey: string): Promise<boolean>
  /** Whether the receipt of a key may be renewed now. */
  mayRenew(apiKeyId: string): boolean
}

/**
 * Verifies keys that come from another system.
 *
 * @throws {AuthError} `UNAVAILABLE` if too many bcrypts are waiting, or too many keys with this start have failed, from
 *   whatever address. `DatabaseUnavailable` if the rows can't be read.
 */
export function createVerifyImportedKey(
  { keys, serves }: { keys: ImportedKeys; serves: (issuer: string) => boolean },
  { accept, reject, renewReceipt, mayRenew }: VerificationSteps,
): (key: string, client: Presenter) => Promise<VerifiedKey> {
  /** Shared by ids only: each caller has read the row itself, and it may have changed since the first one did. */
  const share = createShare<string | null>()

  const renew = async (row: ImportedApiKey | null, key: string) =>
    row && (await renewReceipt(row, key)) ? row.id : null

  async function acceptProven(
    { row, receipt }: NonNullable<Located["proven"]>,
    key: string,
    client: Presenter,
  ): Promise<VerifiedKey> {
    if (row.ended) return reject(row.ended, row.id)
    if (receipt === "match" || !mayRenew(row.id)) return accept(row, client)
    const renewed = await share(`${row.id} ${key}`, () => renew(row, key))
    return renewed ? accept(row, client) : reject("unknown")
  }

  return async (key, client) => {
    const { rows, proven, unproven } = await keys.locate(key, ({ owner }) => serves(owner.issuer))
    if (proven) return acceptProven(proven, key, client)
    // A key that is rejected anyway is not worth a bcrypt.
    const open = unproven.filter((row) => row.ended === null)
    if (open.length === 0) return reject(rows > unproven.length ? "mismatch" : "unknown")
    await client.mayCompare
    // Shared only with callers who have read the same rows: others may lack the row of this key.
    const ids = open.map((row) => row.id).sort()
    const id = await share(`${ids.join()} ${key}`, () =>
      keys.compare(open, key).then((found) => renew(found, key)),
    )
    const row = open.find((one) => one.id === id)
    return row ? accept(row, client) : reject("mismatch")
  }
}
