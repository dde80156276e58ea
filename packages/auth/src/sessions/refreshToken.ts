import { createHash, createHmac, type KeyObject, randomBytes } from "node:crypto"
import { isUuid } from "../isUuid.ts"

const FAMILY_BYTES = 24
const TURN_BYTES = 24
const ID_BYTES = 16

/**
 * A refresh token consists of the session's id, a secret shared by all tokens of the session (`family`), and a secret
 * that only the newest one has (`turn`). The shared secret proves that a replaced token is genuine, so that its reuse
 * reveals a copy. Without it, the session's id would be enough to end the session, and every access token contains
 * that.
 */
interface RefreshToken {
  sessionId: string
  family: Buffer
  turn: Buffer
}

/** The parts that the database stores. Plain SHA-256 is enough, because each secret has 192 random bits. */
export interface RefreshTokenHashes {
  sessionId: string
  familyHash: Buffer
  turnHash: Buffer
}

/** Creates the first token of a session. */
export const createRefreshToken = (sessionId: string) =>
  encode({ sessionId, family: randomBytes(FAMILY_BYTES), turn: randomBytes(TURN_BYTES) })

/** The hashes of a token, or null if the text does not have the format of one. */
export function readRefreshToken(refreshToken: string): RefreshTokenHashes | null {
  const token = parse(refreshToken)
  return token && hashes(token)
}

/**
 * The possible successors of a token, or null if the text does not have the format of one. `next` is the one to return.
 *
 * @param repeatableKeys derive the successor from the token, so that repeated requests get the same one. Each key gives
 * another successor, and another instance may have returned any of them. Without keys, the only successor is random.
 */
export function nextRefreshTokens(
  refreshToken: string,
  repeatableKeys?: readonly [KeyObject, ...KeyObject[]],
) {
  const token = parse(refreshToken)
  if (!token) return null
  const nextWith = (turn: Buffer) => encode({ ...token, turn })
  const [first, ...others] = repeatableKeys ?? []
  return {
    presented: hashes(token),
    next: nextWith(first ? turnAfter(token, first) : randomBytes(TURN_BYTES)),
    others: others.map((key) => nextWith(turnAfter(token, key))),
  }
}

const turnAfter = ({ family, turn }: RefreshToken, key: KeyObject) =>
  createHmac("sha256", key).update(family).update(turn).digest().subarray(0, TURN_BYTES)

function encode(token: RefreshToken) {
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
