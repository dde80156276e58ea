import { timingSafeEqual } from "node:crypto"
import type { Database, ImportedApiKey } from "@latchkey/db"
import type { BcryptQueue } from "../../crypto/bcryptQueue.ts"
import type { Keyring } from "../../crypto/keyring.ts"
import { AuthError } from "../../errors.ts"
import type { FailureBudget } from "../../limits/failureBudget.ts"
import type { Memory } from "../../memory.ts"
import type { BatchWatch } from "../../observer.ts"
import { checkReceipt } from "../verifying/receipt.ts"
import { createFindCandidates } from "./findCandidates.ts"
import { digestOf } from "./importedForm.ts"

/** The rows to which a presented key may belong, sorted by their receipts. */
export interface Located {
  /** How many rows there are, proven or not. */
  rows: number
  /** The row whose receipt proves that this is its key. */
  proven: { row: ImportedApiKey; receipt: "match" | "stale" } | undefined
  /** The rows without a usable receipt. */
  unproven: ImportedApiKey[]
}

/**
 * Finds the row of a presented key from another system among the rows with the same start or the same SHA-256.
 * Receipts decide first. Only a key without a receipt costs a bcrypt for each row, in a separate queue for imported
 * keys.
 */
export interface ImportedKeys {
  /**
   * Reads the rows that a key may belong to, without bcrypt.
   *
   * @param isCandidate returns false for rows to leave out.
   * @throws {DatabaseUnavailable}
   */
  locate(key: string, isCandidate: (row: ImportedApiKey) => boolean): Promise<Located>
  /**
   * Resolves to the row whose hash matches the key, or null. Counted as a failure of each start until proven
   * otherwise.
   *
   * @throws {AuthError} `UNAVAILABLE` if too many bcrypts are waiting. Also, synchronously because that concerns only
   *   this call, if too many keys with this start have failed, from whatever address.
   */
  compare(rows: readonly ImportedApiKey[], key: string): Promise<ImportedApiKey | null>
}

export function createImportedKeys({
  db,
  keyring,
  bcrypt,
  failures,
  watch,
  memory,
}: {
  db: Database
  memory?: Memory | undefined
  keyring: Keyring
  bcrypt: BcryptQueue
  failures: FailureBudget
  watch: BatchWatch | undefined
}): ImportedKeys {
  const candidates = createFindCandidates({ db, memory, watch })

  /** Checks each row's receipt, so that the time does not reveal which one matches. */
  function findByReceipt(rows: readonly ImportedApiKey[], key: string): Located {
    const checked = rows.map((row) => ({ row, receipt: checkReceipt(keyring, row, key) }))
    return {
      rows: rows.length,
      proven: checked.find(isProven),
      unproven: checked.flatMap(({ row, receipt }) => (receipt === "none" ? [row] : [])),
    }
  }

  async function findByHash(rows: readonly ImportedApiKey[], key: string): Promise<ImportedApiKey | null> {
    const digest = Buffer.from(digestOf(key))
    const bySha256 = rows.find(
      ({ hashKind, keyHash }) => hashKind === "sha256" && timingSafeEqual(Buffer.from(keyHash), digest),
    )
    if (bySha256) return bySha256
    for (const row of rows) {
      if (row.hashKind === "bcrypt" && (await bcrypt.compare(key, row.keyHash))) return row
    }
    return null
  }

  async function findAndRefund(rows: readonly ImportedApiKey[], key: string, starts: readonly string[]) {
    let isWrong = false
    try {
      const row = await findByHash(rows, key)
      isWrong = row === null
      return row
    } finally {
      if (!isWrong) for (const start of starts) failures.refund(start)
    }
  }

  return {
    async locate(key, isCandidate) {
      const tried = await candidates.find(key)
      const located = findByReceipt(tried.rows.filter(isCandidate), key)
      const more = located.proven ? null : await candidates.findMore(key, tried)
      return more ? findByReceipt(more.rows.filter(isCandidate), key) : located
    },

    compare(rows, key) {
      const starts = new Set(rows.flatMap((row) => (row.hashKind === "bcrypt" ? [row.importedStart] : [])))
      const consumed: string[] = []
      for (const start of starts) {
        const retryAfter = failures.consume(start)
        if (retryAfter > 0) {
          for (const earlier of consumed) failures.refund(earlier)
          throw new AuthError("UNAVAILABLE", "Too many failed key checks; try again later.", { retryAfter })
        }
        consumed.push(start)
      }
      return findAndRefund(rows, key, consumed)
    },
  }
}

const isProven = <Checked extends { receipt: string }>(
  checked: Checked,
): checked is Checked & { receipt: "match" | "stale" } =>
  checked.receipt === "match" || checked.receipt === "stale"
