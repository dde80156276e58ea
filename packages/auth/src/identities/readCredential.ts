export type Credential =
  | { kind: "none" }
  | { kind: "ambiguous" }
  | { kind: "malformed" }
  | { kind: "accessToken"; accessToken: string }
  | { kind: "apiKey"; apiKey: string }

/**
 * Reads the credential of a request: `Authorization: Bearer …` (RFC 6750, section 2.1) or `X-API-Key: …`. Two
 * credentials are ambiguous, even if they are equal.
 *
 * `Headers` joins repeated fields with a comma (RFC 9110, section 5.3), and neither credential can contain one, so a
 * comma means that there were two.
 */
export function readCredential(headers: Pick<Headers, "get">): Credential {
  const authorization = headers.get("authorization")
  const apiKey = headers.get("x-api-key")
  if (apiKey === null && authorization === null) return { kind: "none" }
  if (apiKey !== null && authorization !== null) return { kind: "ambiguous" }
  if ((apiKey ?? authorization)?.includes(",")) return { kind: "ambiguous" }
  if (apiKey !== null) return { kind: "apiKey", apiKey }
  const accessToken = /^Bearer +([^ ]+)$/i.exec(authorization ?? "")?.[1]
  return accessToken === undefined ? { kind: "malformed" } : { kind: "accessToken", accessToken }
}
