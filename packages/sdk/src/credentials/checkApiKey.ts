import type { Secret } from "../options.ts"

/**
 * Finds mistakes in a key from a configuration before the first request. Functions are not called.
 *
 * @throws {TypeError} that never quotes the key.
 */
export function checkApiKey(apiKey: Secret): void {
  if (typeof apiKey === "function") return
  const text = String(apiKey ?? "").trim()
  if (text === "") throw new TypeError("apiKey is empty: is LATCHKEY_API_KEY set?")
  if (isMalformed(text)) {
    throw new TypeError("apiKey is malformed: expected a key exactly as Latchkey has shown it")
  }
}

/**
 * Imported keys can have any format, but no key has quotes around it, is shorter than this, or is a part of
 * Latchkey's own 64 hex characters. An access token is not a key.
 */
const isMalformed = (text: string) =>
  !/^[\x21-\x7e]{16,}$/.test(text) ||
  /^["'`<]|["'`>]$/.test(text) ||
  (/^[0-9a-f]+$/i.test(text) && !/^[0-9a-f]{64}$/.test(text)) ||
  /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text)
