import { crc32 } from "node:zlib"

/** 2 to 20 characters of `a-z0-9_`, not ending with `_`. */
export const isKeyPrefix = (text: string) => /^[a-z0-9_]{1,19}[a-z0-9]$/.test(text)

/** The two parts of a presented key. A key is valid only with the prefix that it was created with. */
export interface KeyParts {
  prefix: string | null
  /** The 64 characters that are hashed. */
  key: string
}

/** A key as its owner gets it. With a prefix, it ends with a checksum of everything before, for secret scanners. */
export function formatKey({ prefix, key }: KeyParts): string {
  if (prefix === null) return key
  const text = `${prefix}_${key}`
  return text + checksumOf(text)
}

/** The parts of a text in the format of a key; null for anything else, such as a wrong checksum. */
export function parseKey(text: string): KeyParts | null {
  if (/^[0-9a-f]{64}$/.test(text)) return { prefix: null, key: text }
  const [, checked = "", prefix = "", key = "", checksum] = FORM.exec(text) ?? []
  return checksum !== undefined && checksumOf(checked) === checksum ? { prefix, key } : null
}

const FORM = /^(([a-z0-9_]{1,19}[a-z0-9])_([0-9a-f]{64}))([0-9a-f]{8})$/

/** CRC-32/ISO-HDLC as 8 hex characters, the most significant byte first. */
const checksumOf = (text: string) => crc32(text).toString(16).padStart(8, "0")
