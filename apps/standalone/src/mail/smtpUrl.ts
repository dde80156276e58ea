import { z } from "zod"

const RULE =
  "expected a URL such as smtps://user:password@smtp.company.tld, or smtp:// for STARTTLS or a local server"

/** Options of nodemailer that are objects. A text in their place would end the process once a mail is sent. */
const OBJECTS = ["connection", "socket", "getSocket"]

/** Up to the longest time of a timer. */
const MAX_MS = 2 ** 31 - 1

const isTime = (text: string) => /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_MS

function findOptionProblem(url: URL): string | undefined {
  for (const [name, value] of url.searchParams) {
    if (OBJECTS.includes(name)) return `the option ${name} can't be part of a URL; expected a URL without it`
    if (name.endsWith("Timeout") && !isTime(value))
      return `expected a whole number of milliseconds as ${name}`
  }
  return undefined
}

/** The URL of an SMTP server, with nodemailer's options as parameters. Those that nodemailer would fail on are refused. */
export const smtpUrl = z
  .string()
  .refine((text) => /^smtps?:\/\/[^/?#]+/.test(text) && URL.canParse(text), { error: RULE, abort: true })
  .superRefine((text, context) => {
    const message = findOptionProblem(new URL(text))
    if (message !== undefined) context.addIssue({ code: "custom", message })
  })
