import { createHash, createHmac, type KeyObject, randomBytes } from "node:crypto"
import { isUuid } from "../isUuid.ts"

const FAMILY_BYTES = 24
const TURN_BYTES = 24
const ID_BYTES = 16

/**
 * A refresh token is a session's id, a secret that all tokens of the session share, and one that only the newest
 * has. With the first secret an old token proves that it was ours once, and so that somebody uses a copy; without
 * it, knowing a session's id, which stands in every access token, would be enough to end the session.
 */
interface RefreshToken {
  sessionId: string
  family: Buffer
  turn: Buffer
}

/** What the database keeps of it. Plain SHA-256 will do: the secrets are 192 random bits. */
export interface RefreshTokenHashes {
  sessionId: string
  familyHash: Buffer
  turnHash: Buffer
}

/** The first token of a new session. */
export const createRefreshToken = (sessionId: string) =>
  present({ sessionId, family: randomBytes(FAMILY_BYTES), turn: randomBytes(TURN_BYTES) })

/** What the database knows a token by, or null if the text can't be one. */
export function readRefreshToken(refreshToken: string): RefreshTokenHashes | null {
  const token = parse(refreshToken)
  return token && hashes(token)
}

/**
 * The tokens that may come after this one, or null if the text can't be a token. The first is the one to hand out.
 *
 * @param repeatableKeys make the next token a function of this one, so that asking twice gives the same answer twice:
 * one next token for each key, of which another instance may have handed out any. Without them there is one, and it is
 * random.
 */
export function nextRefreshTokens(
  refreshToken: string,
  repeatableKeys?: readonly [KeyObject, ...KeyObject[]],
) {
  const token = parse(refreshToken)
  if (!token) return null
  const nextWith = (turn: Buffer) => present({ ...token, turn })
  const [first, ...others] = repeatableKeys ?? []
  return {
    presented: hashes(token),
    next: nextWith(first ? turnAfter(token, first) : randomBytes(TURN_BYTES)),
    others: others.map((key) => nextWith(turnAfter(token, key))),
  }
}

const turnAfter = ({ family, turn }: RefreshToken, key: KeyObject) =>
  createHmac("sha256", key).update(family).update(turn).digest().subarray(0, TURN_BYTES)

function present(token: RefreshToken) {
  const id = Buffer.from(token.sessionId.replaceAll("-", ""), "hex")
  const refreshToken = Buffer.concat([id, token.family, token.turn]).toString("base64url")
  return { refreshToken, ...hashes(token) }
}

function parse(refreshToken: string): RefreshToken | null {
  const bytes = Buffer.from(refreshToken, "base64url")
  if (bytes.length !== ID_BYTES + FAMILY_BYTES + TURN_BYTES || bytes.toString("base64url") !== refreshToken)
    return null
  const sessionId = bytes
    .toString("hex", 0, ID_BYTES)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
  if (!isUuid(sessionId)) return null
  return {
    sessionId,
    family: bytes.subarray(ID_BYTES, ID_BYTES + FAMILY_BYTES),
    turn: bytes.subarray(ID_BYTES + FAMILY_BYTES),
  }
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest()

const hashes = ({ sessionId, family, turn }: RefreshToken): RefreshTokenHashes => ({
  sessionId,
  familyHash: sha256(family),
  turnHash: sha256(turn),
})
