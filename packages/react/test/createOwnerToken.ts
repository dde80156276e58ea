/** Creates a token for an owner, as the backend of a product does. */
export async function createOwnerToken(
  hostUrl: string,
  { key, body = {} }: { key: string; body?: { manage?: "read" } },
): Promise<string> {
  const response = await fetch(`${hostUrl}/latchkey/auth/owner-tokens`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-api-key": key,
      "latchkey-on-behalf-of": "host org_tokens",
    },
    body: JSON.stringify(body),
  })
  return ((await response.json()) as { accessToken: string }).accessToken
}
