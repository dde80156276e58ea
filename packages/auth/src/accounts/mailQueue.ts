import { setTimeout as sleep } from "node:timers/promises"
import pLimit from "p-limit"
import { AuthError } from "../errors.ts"
import type { LinkKind } from "./accountLinks.ts"

/** A mail with a link for the owner of an account. */
export interface AccountMail {
  kind: LinkKind
  to: string
  url: string
  expiresAt: Date
}

/** Sends mails after the response to the call that asked for them. */
export interface MailQueue {
  /**
   * Prepares and sends a mail in the background, if `prepare` resolves to one. Failures are reported to the log.
   *
   * @throws {AuthError} `UNAVAILABLE` if too many mails are waiting.
   */
  add(prepare: () => Promise<AccountMail | null>): void
  /** Waits for mails that are being sent, but not long. */
  close(): Promise<void>
}

const CONCURRENCY = 2
const MAX_WAITING = 500
const PATIENCE_AT_CLOSE = 5_000

export function createMailQueue(
  send: (mail: AccountMail) => Promise<void>,
  onError: (error: unknown) => void,
): MailQueue {
  const limit = pLimit(CONCURRENCY)
  const pending = new Set<Promise<void>>()

  async function sendPrepared(prepare: () => Promise<AccountMail | null>) {
    try {
      const mail = await prepare()
      if (mail) await send(mail)
    } catch (error) {
      onError(error)
    }
  }

  return {
    add(prepare) {
      if (limit.pendingCount >= MAX_WAITING) {
        throw new AuthError("UNAVAILABLE", "Too many mails are waiting to be sent; try again later.", {
          retryAfter: 60,
        })
      }
      const sent = limit(() => sendPrepared(prepare)).finally(() => pending.delete(sent))
      pending.add(sent)
    },
    close: () =>
      Promise.race([
        Promise.all(pending).then(() => {}),
        sleep(PATIENCE_AT_CLOSE, undefined, { ref: false }),
      ]),
  }
}
