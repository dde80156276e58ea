/** Records secrets, and finds them in places where they don't belong. */
export interface Canaries {
  note(name: string, secret: string): void
  /** The names of the secrets that a text contains, whole or in part and not encoded. */
  findPlain(text: string): string[]
  /** Like `findPlain`, but also finds secrets in hex and base64. */
  findEncoded(text: string): string[]
}

function decodeBase32(text: string) {
  const digits = [...text].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(32))
  const hex = digits.reduce((sum, digit) => sum * 32n + BigInt(Number.parseInt(digit, 32)), 0n).toString(16)
  return Buffer.from(hex.padStart(40, "0"), "hex")
}

const decodeBase64Url = (text: string) => Buffer.from(text, "base64url")

/** The secret parts of each kind of credential, as text and as bytes: without the lookup id, claims or session id. */
const KINDS = [
  {
    pattern: /^[0-9a-f]{64}$/,
    texts: (key: string) => [key.slice(16)],
    bytes: (key: string) => [Buffer.from(key.slice(16), "hex")],
  },
  {
    pattern: /^[\w-]+\.[\w-]+\.[\w-]+$/,
    texts: (jwt: string) => jwt.split(".").slice(2),
    bytes: (jwt: string) => jwt.split(".").slice(2).map(decodeBase64Url),
  },
  {
    // The base32 of an authenticator app's secret.
    pattern: /^[A-Z2-7]{32}$/,
    texts: () => [],
    bytes: (secret: string) => [decodeBase32(secret)],
  },
  {
    // 16 bytes for the session's id, 24 for its family, and 24 for its turn.
    pattern: /^[\w-]{86}$/,
    texts: (token: string) => [token.slice(22, 53), token.slice(54)],
    bytes: (token: string) => [decodeBase64Url(token).subarray(16, 40), decodeBase64Url(token).subarray(40)],
  },
]

const findKind = (secret: string) => KINDS.find(({ pattern }) => pattern.test(secret))

const plainForms = (secret: string) => [secret, ...(findKind(secret)?.texts(secret) ?? [])]

/** The base64 characters that depend only on these bytes, for each of their three possible alignments. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64")
    const own = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")]
  })
}

function encodedForms(secret: string): string[] {
  const texts = plainForms(secret).map((text) => Buffer.from(text))
  return [...texts, ...(findKind(secret)?.bytes(secret) ?? [])].flatMap((bytes) => [
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...base64Forms(bytes),
  ])
}

/** Creates an empty set of secrets. */
export function createCanaries(): Canaries {
  const secrets = new Map<string, string>()

  const find = (text: string, formsOf: (secret: string) => string[]) =>
    [...secrets].flatMap(([secret, name]) =>
      formsOf(secret).some((form) => text.includes(form)) ? [name] : [],
    )

  return {
    note: (name, secret) => void secrets.set(secret, name),
    findPlain: (text) => find(text, plainForms),
    findEncoded: (text) => find(text, (secret) => [...plainForms(secret), ...encodedForms(secret)]),
  }
}
