export interface HashOfKey {
  hashKind: "bcrypt" | "sha256"
  /** The stored form: bcrypt as `$2a$` or `$2b$`, SHA-256 as hex. */
  keyHash: string
}

/** The highest cost: about a second for each check of a new key. */
const MAX_COST = 14

/**
 * Reads the hash of a key: a bcrypt hash, or `sha256:` and the SHA-256 of the whole key, in hex, base64 or base64url.
 *
 * @returns what was expected, without the hash.
 */
export function readKeyHash(text: string): HashOfKey | { refusal: string } {
  const [, kind, cost, rest] = /^\$2([aby])\$(\d\d)\$([./A-Za-z0-9]{53})$/.exec(text) ?? []
  if (rest !== undefined) {
    if (Number(cost) < 4 || Number(cost) > MAX_COST)
      return { refusal: `expected a cost from 4 to ${MAX_COST}` }
    // PHP's `y` is the same as `b`.
    return { hashKind: "bcrypt", keyHash: `$2${kind === "a" ? "a" : "b"}$${cost}$${rest}` }
  }
  const sha256 = text.startsWith("sha256:") ? readDigest(text.slice("sha256:".length)) : null
  return sha256 === null
    ? { refusal: "expected $2a$, $2b$ or $2y$ of bcrypt, or sha256: and a digest in hex or base64" }
    : { hashKind: "sha256", keyHash: sha256 }
}

function readDigest(text: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  return Buffer.from(text, "base64").toString("hex")
}
