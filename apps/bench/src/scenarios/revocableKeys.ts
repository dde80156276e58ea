import postgres from "postgres"
import { apiKeyAt, apiKeysOf } from "../keys.ts"
import type { SeededLatchkey } from "../seed/seedLatchkey.ts"

export interface RevocableKey {
  id: string
  apiKey: string
}

export interface OwnKey extends RevocableKey {
  /** Of its owner. */
  accessToken: string
}

/** A key of each session's owner, and the session's token. */
export async function findOwnKeys({ url, accessTokens, ownKey }: SeededLatchkey): Promise<OwnKey[]> {
  const tokens = new Map(accessTokens.map((token, session) => [apiKeyAt(ownKey(session)), token]))
  const keys = await findKeys(url, [...tokens.keys()])
  return keys.map((key) => ({ ...key, accessToken: tokens.get(key.apiKey) ?? "" }))
}

/** The keys of a database that are there to be revoked, and have not been. */
export const findRevocableKeys = ({ url, revocable }: SeededLatchkey): Promise<RevocableKey[]> =>
  findKeys(url, apiKeysOf({ ...revocable, step: 1 }))

async function findKeys(url: string, apiKeys: readonly string[]): Promise<RevocableKey[]> {
  const keys = new Map(apiKeys.map((apiKey) => [apiKey.slice(0, 16), apiKey]))
  const sql = postgres(url, { max: 1, connection: { search_path: "latchkey" } })
  const rows = await sql<{ id: string; lookup_id: string }[]>`
    select id, lookup_id from api_keys where lookup_id = any(${[...keys.keys()]}) and revoked_at is null`
  await sql.end()
  return rows.map(({ id, lookup_id }) => ({ id, apiKey: keys.get(lookup_id) ?? apiKeyAt(-1) }))
}
