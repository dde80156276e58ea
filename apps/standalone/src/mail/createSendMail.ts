import type { AccountMail } from "@latchkey/auth"
import type { Transporter } from "nodemailer"
import { writeAccountMail } from "./accountMail.ts"

/** The SMTP server did not accept a mail. Contains only codes, because the server's message may repeat the link. */
class MailNotSent extends Error {
  override name = "MailNotSent"
  readonly code: string

  constructor({ code = "unknown", responseCode }: { code?: string; responseCode?: number }) {
    super("the mail was not sent")
    this.code = responseCode === undefined ? code : `${code} ${responseCode}`
  }
}

/** In milliseconds, shorter than nodemailer's: a person is waiting. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 }

/** Those end an idle connection. A server that sends a little all the time must not hold up all other mails. */
const MAX_MS = 120_000

/**
 * Sends mails through an SMTP server.
 *
 * @param smtpUrl with nodemailer's options as parameters. Unless it says otherwise, a connection to another host must be
 *   encrypted.
 * @param options.product the product's name, as users know it.
 * @param options.maxMs how long sending one mail may take.
 */
export function createSendMail(
  smtpUrl: string,
  {
    from,
    product,
    maxMs = MAX_MS,
  }: { from: { name: string; address: string }; product: string; maxMs?: number },
): (mail: AccountMail) => Promise<void> {
  const settings = withDefaults(smtpUrl)
  let opened: Promise<Transporter> | undefined
  return async (mail) => {
    opened ??= import("nodemailer").then(({ createTransport }) => createTransport(settings))
    const transport = await opened
    await transport
      .sendMail({
        from,
        to: { name: "", address: mail.to },
        ...writeAccountMail(mail, product),
        signal: AbortSignal.timeout(maxMs),
      })
      .catch((error: unknown) => {
        throw new MailNotSent(error as { code?: string; responseCode?: number })
      })
  }
}

function withDefaults(smtpUrl: string): string {
  const url = new URL(smtpUrl)
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  const defaults = { ...TIMEOUTS, ...(!isLocal && { requireTLS: true }) }
  for (const [name, value] of Object.entries(defaults)) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, String(value))
  }
  // nodemailer's own log contains the text of mails.
  for (const name of ["logger", "debug"]) url.searchParams.delete(name)
  return url.href
}
