/** A key that a client presents as its password, with the key's id as its name (RFC 6749, section 2.3.1). */
export interface BasicCredential {
  id: string
  key: string
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/**
 * Reads `Authorization: Basic …`, both halves of which are form-encoded. Returns null for anything else. Returns null
 * also if there is another credential, so that the two count as ambiguous.
 */
export function readBasic(headers: Pick<Headers, "get">): BasicCredential | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(headers.get("authorization") ?? "")?.[1]
  if (encoded === undefined || headers.get("x-api-key") !== null) return null
  try {
    const [, id = "", key = ""] = /^([^:]*):(.*)$/s.exec(decoder.decode(Buffer.from(encoded, "base64"))) ?? []
    return { id: decodeForm(id), key: decodeForm(key) }
  } catch {
    return null
  }
}

/** @throws {URIError} */
const decodeForm = (text: string) => decodeURIComponent(text.replaceAll("+", " "))
