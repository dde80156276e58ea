/** A key that is presented as the client's password, beside its id (RFC 6749, section 2.3.1). */
export interface BasicCredential {
  id: string
  key: string
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/**
 * Reads `Authorization: Basic …`, whose halves are form-encoded. Null for anything else, and beside another credential,
 * so that the two are ambiguous.
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
