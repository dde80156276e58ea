import { createHmac, timingSafeEqual } from "node:crypto"
import type { Keyring } from "@latchkey/auth"
import type { LoggedChange } from "@latchkey/db"

/** States that the log has all changes after the position `from`, up to `to`. */
export interface RangeLine {
  v: 1
  deployment: string
  /** The history of these positions. Missing in lines of a history that began before histories had ids. */
  history?: string
  from: number
  to: number
  /** When the change at `to` was made, by which the database's history is recognized; null if there is none. */
  at: string | null
  /** Whether the log begins here: changes before may be missing. */
  begins?: true
  /** Set if the history begins here. */
  opens?: Opening
  /** The signatures of the lines that have the other changes. */
  parts?: string[]
  changes: LoggedChange[]
}

/** The part of a history that comes from others. */
export interface Opening {
  /** The history that it continues, if any. */
  parent: string | null
  /** The histories whose changes the database had at its beginning, with the position of the last one. */
  includes: Record<string, number>
}

/** Some of the changes of another line. */
export interface PartLine {
  v: 1
  deployment: string
  history?: string
  changes: LoggedChange[]
}

export type LogLine = RangeLine | PartLine

export interface SignedLine {
  text: string
  mac: string
}

const macOf = (text: string, key: Keyring["current"]["restoreLogKey"]) =>
  createHmac("sha256", key).update(text).digest("hex")

/** Characters that JSON does not escape, although readers of lines may split at them, as Node 24 does. */
const SEPARATORS = /[\u2028\u2029]/g

const escapeSeparator = (character: string) => `\\u${character.charCodeAt(0).toString(16)}`

/** Signs a line with HMAC-SHA-256 under the current secret. The signature is its last field, over all text before it. */
export function signLine(line: LogLine, { current }: Keyring): SignedLine {
  const body = JSON.stringify({ ...line, secret: current.id })
    .replace(SEPARATORS, escapeSeparator)
    .slice(0, -1)
  const mac = macOf(body, current.restoreLogKey)
  return { text: `${body},"mac":"${mac}"}\n`, mac }
}

const SIGNED = /^(\{"v":1,.*,"secret":"([0-9a-f]+)"),"mac":"([0-9a-f]{64})"\}$/s

/**
 * Reads a line. `unreadable`: it is torn or was changed. `unknownSecret`: it is signed with a secret that is not configured, or
 * was changed.
 */
export function readLine(
  text: string,
  keyring: Keyring,
): { line: LogLine; mac: string; isCurrent: boolean } | "unreadable" | "unknownSecret" {
  const [, body, secretId, mac] = SIGNED.exec(text) ?? []
  if (body === undefined || secretId === undefined || mac === undefined) return "unreadable"
  const keys = keyring.find(secretId)
  if (!keys) return "unknownSecret"
  if (!timingSafeEqual(Buffer.from(macOf(body, keys.restoreLogKey)), Buffer.from(mac))) return "unreadable"
  return { line: JSON.parse(text) as LogLine, mac, isCurrent: keys.id === keyring.current.id }
}

/** Signs some of the changes of a line. */
export const signPart = (
  { deployment, history, changes }: Pick<RangeLine, "deployment" | "history" | "changes">,
  keyring: Keyring,
): SignedLine => signLine({ v: 1, deployment, ...(history !== undefined && { history }), changes }, keyring)

/** Few enough changes for a line of moderate length, which is verified and parsed as a whole. */
export const CHANGES_PER_LINE = 500

/** Signs a line, in parts if it has many changes. */
export function signLines({ changes, ...line }: Omit<RangeLine, "v">, keyring: Keyring): SignedLine[] {
  const last = changes.slice(
    Math.floor(Math.max(0, changes.length - 1) / CHANGES_PER_LINE) * CHANGES_PER_LINE,
  )
  const parts: SignedLine[] = []
  for (let at = 0; at < changes.length - last.length; at += CHANGES_PER_LINE) {
    const some = changes.slice(at, at + CHANGES_PER_LINE)
    parts.push(signPart({ ...line, changes: some }, keyring))
  }
  const whole = {
    v: 1,
    ...line,
    ...(parts.length > 0 && { parts: parts.map(({ mac }) => mac) }),
    changes: last,
  } as const
  return [...parts, signLine(whole, keyring)]
}
