import { escapeHtml } from "@latchkey/api"
import type { AccountMail } from "@latchkey/auth"

interface Text {
  subject: string
  lead: string
  action: string
  otherwise: string
}

const TEXTS: Record<AccountMail["kind"], (product: string, host: string) => Text> = {
  passwordReset: (product, host) => ({
    subject: `Set a new password for ${product}`,
    lead: `Somebody asked for a new password for your ${product} account at ${host}.`,
    action: "Set a new password",
    otherwise: "If that was not you, do nothing: your password stays as it is.",
  }),
  emailVerification: (product, host) => ({
    subject: `Verify your email address for ${product}`,
    lead: `A ${product} account at ${host} was registered with this email address.`,
    action: "Verify the email address",
    otherwise: "If that was not you, do nothing: the address stays unverified.",
  }),
}

/**
 * The subject and both forms of a mail with a link.
 *
 * @param product the product's name.
 */
export function writeAccountMail({ kind, url, expiresAt }: AccountMail, product: string) {
  const { subject, lead, action, otherwise } = TEXTS[kind](product, new URL(url).host)
  const validity = `The link works once, until ${expiresAt.toISOString().slice(0, 16).replace("T", " ")} UTC.`
  return {
    subject,
    text: `${lead}\n\n${action}:\n${url}\n\n${validity} ${otherwise}\n`,
    html: writeHtml([
      `<p>${escapeHtml(lead)}</p>`,
      `<p style="margin:24px 0"><a href="${escapeHtml(url)}" style="${BUTTON}">${action}</a></p>`,
      `<p style="color:#5a5f69">${validity} ${otherwise}</p>`,
    ]),
  }
}

const BUTTON =
  "display:inline-block;padding:10px 16px;border-radius:8px;background:#3451d1;color:#ffffff;font-weight:600;text-decoration:none"

const writeHtml = (paragraphs: readonly string[]) =>
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light"></head>',
    '<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#16181d;background:#ffffff">',
    '<div style="max-width:480px">',
    ...paragraphs,
    "</div></body></html>\n",
  ].join("\n")
