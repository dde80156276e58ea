import type { VerifiableApiKey } from "@latchkey/db"
import type { BcryptQueue } from "../../crypto/bcryptQueue.ts"
import { AuthError } from "../../errors.ts"
import { addressBlock } from "../../limits/addressBlock.ts"
import type { FailureBudget } from "../../limits/failureBudget.ts"

/**
 * Compares keys with the hash of their row. Each comparison counts as a failure of the lookup id and the address until proven
 * otherwise.
 *
 * @returns a function that throws `AuthError` `UNAVAILABLE` synchronously if too many have failed, because that
 *   concerns only this call, and not others that share its comparison.
 */
export function createBoundedCompare({ bcrypt, failures }: { bcrypt: BcryptQueue; failures: FailureBudget }) {
  async function compare(key: string, keyHash: string, presenter: string): Promise<boolean> {
    let isWrong = false
    try {
      isWrong = !(await bcrypt.compare(key, keyHash))
    } finally {
      if (!isWrong) failures.refund(presenter)
    }
    return !isWrong
  }

  return (row: VerifiableApiKey, key: string, address: string): Promise<boolean> => {
    const presenter = `${row.lookupId} ${addressBlock(address)}`
    const retryAfter = failures.consume(presenter)
    if (retryAfter > 0) {
      throw new AuthError("UNAVAILABLE", "Too many failed key checks; try again later.", { retryAfter })
    }
    return compare(key, row.keyHash, presenter)
  }
}
