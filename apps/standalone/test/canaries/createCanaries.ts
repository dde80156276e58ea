/** Secrets that were made, to be looked for wherever they do not belong. */
export interface Canaries {
  note(name: string, secret: string): void
  /** The names of those that a text holds, whole or in part, as they are. */
  findPlain(text: string): string[]
  /** The same, also in hex and base64. */
  findEncoded(text: string): string[]
}

const ofBase64Url = (text: string) => Buffer.from(text, "base64url")

/** What makes them secret, as text and as the bytes it stands for: without lookup id, claims, or session id. */
const KINDS = [
  {
    form: /^[0-9a-f]{64}$/,
    texts: (key: string) => [key.slice(16)],
    bytes: (key: string) => [Buffer.from(key.slice(16), "hex")],
  },
  {
    form: /^[\w-]+\.[\w-]+\.[\w-]+$/,
    texts: (jwt: string) => jwt.split(".").slice(2),
    bytes: (jwt: string) => jwt.split(".").slice(2).map(ofBase64Url),
  },
  {
    // 16 bytes of the session's id, 24 of its family and 24 of the turn.
    form: /^[\w-]{86}$/,
    texts: (token: string) => [token.slice(22, 53), token.slice(54)],
    bytes: (token: string) => [ofBase64Url(token).subarray(16, 40), ofBase64Url(token).subarray(40)],
  },
]

const kindOf = (secret: string) => KINDS.find(({ form }) => form.test(secret))

const plainForms = (secret: string) => [secret, ...(kindOf(secret)?.texts(secret) ?? [])]

/** What of a base64 text the bytes determine by themselves, at each of the three places they can begin at. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64")
    const own = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")]
  })
}

function encodedForms(secret: string): string[] {
  const texts = plainForms(secret).map((text) => Buffer.from(text))
  return [...texts, ...(kindOf(secret)?.bytes(secret) ?? [])].flatMap((bytes) => [
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...base64Forms(bytes),
  ])
}

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
