import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { eventually } from "@latchkey/test-postgres"
import { SMTPServer } from "smtp-server"

export interface ReceivedMail {
  to: string[]
  /** Headers and body, with quoted-printable decoded. */
  source: string
  /** The token in the mail's link. */
  token: string | undefined
}

/** Starts an SMTP server that keeps received mails. */
export async function startMailServer() {
  const mails: ReceivedMail[] = []
  let refusal: string | undefined
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      text(stream).then((raw) => {
        const source = decodeQuotedPrintable(raw)
        const token = /#token=([\w-]{43})/.exec(source)?.[1]
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), source, token })
        done(refusal === undefined ? null : new Error(`${refusal} ${token}`))
      }, done)
    },
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    variables: { SMTP_URL: `smtp://127.0.0.1:${port}`, PUBLIC_URL: "https://keys.company.tld" },
    mails,
    /** Refuses mails from now on, with a message that repeats the link, as spam filters do. */
    refuse(message: string | undefined) {
      refusal = message
    },
    /** Waits for the newest mail to an address. */
    async tokenFor(address: string, count = 1): Promise<string> {
      const find = () => {
        const found = mails.filter(({ to }) => to.includes(address))
        if (found.length < count) throw new Error(`${found.length} mails to ${address}`)
        return found
      }
      const received = await eventually(find)
      const token = received.at(-1)?.token
      if (token === undefined) throw new Error("the mail has no link")
      return token
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const decodeQuotedPrintable = (source: string) =>
  source
    .replaceAll(/=\r\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
