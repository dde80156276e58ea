import { randomUUID } from "node:crypto"
import { createDatabase } from "@latchkey/db"
import bcrypt from "bcrypt"
import postgres from "postgres"
import { createKeyring, type SecretKeys } from "../../../../packages/auth/src/crypto/keyring.ts"
import { makeReceipt } from "../../../../packages/auth/src/keys/verifying/receipt.ts"
// Not exported by the package: only the benchmark writes rows without the service.
import { signAccessToken } from "../../../../packages/auth/src/sessions/accessToken.ts"
import { apiKeyAt } from "../keys.ts"
import { copyRows } from "./copyRows.ts"

export const KEYS_PER_USER = 10
/** Additional keys: some without a receipt, to guess at, and some to revoke. */
export const GUESSABLE_KEYS = 16
export const REVOCABLE_KEYS = 1_000
/** The first of the keys with scopes, an IP list and a limit, of which there are as many as the load uses. */
export const firstRestricted = (keys: number) => keys + GUESSABLE_KEYS + REVOCABLE_KEYS
/** Seconds, longer than any run. */
export const ACCESS_TOKEN_TTL = 86_400

/** A seeded database, and the data that the load needs from it. */
export interface SeededLatchkey {
  url: string
  keys: number
  /** Tokens of sessions spread over the users. The first belongs to the owner of the revocable keys. */
  accessTokens: string[]
  guessable: { from: number; count: number }
  revocable: { from: number; count: number }
  /** The number of a key of the session's owner. */
  ownKey(session: number): number
  /** Numbers of keys that are nobody's `ownKey`. */
  otherKey(index: number): number
}

/**
 * Seeds a database with users, sessions and keys.
 *
 * A bcrypt takes about 50 ms, so a million of them would take half a day. All rows share one real hash instead. It is
 * part of the receipts like any other, and every receipt is real, made for its own row with the server's secret. A
 * request does the same work as for a row written by the service.
 */
export async function seedLatchkey(
  url: string,
  options: { secret: string; keys: number; sessions: number },
): Promise<SeededLatchkey> {
  const database = await createDatabase(url)
  await database.migrate()
  await database.close()

  const { keys, sessions } = options
  const keyring = createKeyring({ current: options.secret })
  const users = Array.from({ length: Math.ceil(keys / KEYS_PER_USER) }, () => randomUUID())
  const ownerOf = (index: number) => users[index < keys ? index % users.length : 0] ?? ""
  const ownKey = (session: number) => Math.floor((session * users.length) / sessions)
  const sessionRows = Array.from({ length: sessions }, (_, i) => ({
    id: randomUUID(),
    userId: users[ownKey(i)] ?? "",
  }))
  const guessable = { from: keys, count: GUESSABLE_KEYS }
  const revocable = { from: keys + GUESSABLE_KEYS, count: REVOCABLE_KEYS }

  const keyHash = await bcrypt.hash(apiKeyAt(-1), 10)
  const keyRow = (index: number, keysOfSecret: SecretKeys) => {
    const id = randomUUID()
    const ownerId = ownerOf(index)
    const apiKey = apiKeyAt(index)
    const hasReceipt = index < guessable.from || index >= revocable.from
    const receipt = hasReceipt
      ? [`\\x${makeReceipt(keysOfSecret, { id, ownerId, keyHash, apiKey }).toString("hex")}`, keysOfSecret.id]
      : ["", ""]
    const restrictions = index < firstRestricted(keys) ? ["", "", "", "", "{}"] : RESTRICTIONS
    return [id, ownerId, ownerId, apiKey.slice(0, 16), keyHash, ...receipt, `key ${index}`, ...restrictions]
  }

  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { search_path: "latchkey" } })
  await copyRows(sql, "owners (id, issuer, subject, email, password_hash)", map(users, userRow(keyHash)))
  await copyRows(
    sql,
    "sessions (id, user_id, family_hash, turn_hash, expires_at)",
    map(sessionRows, ({ id, userId }) => [id, userId, "\\x00", "\\x00", "2099-01-01"]),
  )
  await copyRows(
    sql,
    "api_keys (id, owner_id, created_by, lookup_id, key_hash, receipt, receipt_secret_id, label, scopes, allowed_ips, rate_limit, rate_window, checks)",
    map(numbers(firstRestricted(keys) + sessions), (index) => keyRow(index, keyring.current)),
  )
  await sql`vacuum analyze`
  await sql.end()

  const accessTokens = await Promise.all(
    sessionRows.map(async ({ id, userId }) => {
      const { accessToken } = await signAccessToken(keyring, { userId, sessionId: id }, ACCESS_TOKEN_TTL)
      return accessToken
    }),
  )
  // Each user's second key.
  const otherKey = (index: number) => users.length + (index % users.length)
  return { url, keys, accessTokens, guessable, revocable, ownKey, otherKey }
}

const RESTRICTIONS = [
  "{reports:read}",
  "{127.0.0.0/8}",
  "1000000000",
  "60",
  '"{scopes,allowedIps,rateLimit}"',
]

const userRow = (passwordHash: string) => (id: string, index: number) => [
  id,
  "latchkey",
  id,
  `user-${String(index).padStart(7, "0")}@bench.invalid`,
  passwordHash,
]

function* numbers(count: number) {
  for (let i = 0; i < count; i++) yield i
}

function* map<In, Out>(values: Iterable<In>, transform: (value: In, index: number) => Out) {
  let index = 0
  for (const value of values) yield transform(value, index++)
}
