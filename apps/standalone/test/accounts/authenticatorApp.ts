import { createHmac } from "node:crypto"
import { onTestFinished, vi } from "vitest"
import { register, rest } from "../testServer.ts"

const STEP = 30_000

/** Stops the clock of servers in this process in the middle of a step, so that codes don't change. */
export function stopClock() {
  const now = Math.floor(Date.now() / STEP) * STEP + STEP / 2
  vi.useFakeTimers({ toFake: ["Date"], now })
  onTestFinished(() => void vi.useRealTimers())
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** The code that an app shows for a base32 secret (RFC 6238), some steps of 30 seconds from now. */
export function codeOf(secret: string, steps = 0): string {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("")
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) + steps))
  const digest = createHmac("sha1", Buffer.from(bytes)).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 15
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0")
}

/** A code that the app does not show. */
export const wrongCodeOf = (secret: string) => {
  const shown = [-1, 0, 1, 2].map((steps) => codeOf(secret, steps))
  return ["000000", "111111", "222222", "333333", "444444"].find((code) => !shown.includes(code)) ?? ""
}

/** Registers a user and sets up an authenticator app. */
export async function registerWithApp(url: string) {
  const user = await register(url)
  return { ...user, ...(await setUpApp(url, user)) }
}

/** Sets up an authenticator app with its code of the previous step, so that the current one can be used next. */
export async function setUpApp(
  url: string,
  { accessToken, password: currentPassword }: { accessToken: string; password: string },
) {
  const setup = await rest(url, "POST", "/auth/second-factor", { accessToken, body: { currentPassword } })
  const secret: string = setup.body.secret
  const body = { totp: codeOf(secret, -1) }
  const confirmed = await rest(url, "POST", "/auth/second-factor/confirm", { accessToken, body })
  if (confirmed.status !== 200) throw new Error(`the setup returned ${confirmed.status}`)
  return { secret, codes: confirmed.body.recoveryCodes as string[] }
}

/** Signs in with the password and returns the challenge. */
export async function challengeOf(url: string, { email, password }: { email: string; password: string }) {
  const { status, body } = await rest(url, "POST", "/auth/login", { body: { email, password } })
  if (body.reason !== "SECOND_FACTOR_REQUIRED") throw new Error(`signing in returned ${status}`)
  return body.challenge as string
}
