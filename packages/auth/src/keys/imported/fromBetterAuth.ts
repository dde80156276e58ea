import {
  type ForeignRow,
  readFlag,
  readJson,
  readMetadata,
  readTime,
  textOf,
  withCamelCase,
} from "./foreignRow.ts"

/** The number of characters after the prefix, unless the plugin's `defaultKeyLength` says otherwise. */
const DEFAULT_LENGTH = 64

/**
 * The line for a row of the table `apikey` of Better Auth 1.2 and newer, whose hash is the SHA-256 of the whole key in
 * base64url. Keys without permissions get no scopes.
 */
export function fromBetterAuth(foreign: ForeignRow, length = DEFAULT_LENGTH): ForeignRow {
  const row = withCamelCase(foreign)
  if (!/^[A-Za-z0-9_-]{43}$/.test(textOf(row.key))) {
    return { refusal: "key: expected a SHA-256 in base64url; keys that are not hashed can't be imported" }
  }
  if (row.remaining !== null && row.remaining !== undefined) {
    return { refusal: "remaining: Latchkey does not count how often a key may still be used" }
  }
  const allowedIps = readJson(row.ipAllowlist)
  if (allowedIps === null && !["", "null"].includes(textOf(row.ipAllowlist)))
    return { refusal: "ipAllowlist: expected JSON" }
  return {
    id: row.id,
    subject: row.referenceId ?? row.userId,
    label: textOf(row.name) || "Imported key",
    keyHash: `sha256:${textOf(row.key)}`,
    start: textOf(row.start),
    keyLength: textOf(row.prefix).length + length,
    scopes: readPermissions(row.permissions),
    rateLimit: readFlag(row.rateLimitEnabled, false) ? readLimit(row) : null,
    allowedIps,
    metadata: readMetadata(row.metadata),
    disabled: !readFlag(row.enabled, true),
    createdAt: readTime(row.createdAt),
    expiresAt: readTime(row.expiresAt),
    lastUsedAt: readTime(row.lastRequest),
  }
}

/** `{ "reports": ["read"] }` as `reports:read`. */
function readPermissions(value: unknown): unknown {
  const permissions = readJson(value) ?? {}
  return Object.entries(permissions).flatMap(([resource, actions]) =>
    Array.isArray(actions) ? actions.map((action) => `${resource}:${action}`) : [resource],
  )
}

/** A limit of 0 is kept, so that the line is refused: such a key was never accepted, and must not become unlimited. */
function readLimit({ rateLimitMax: limit, rateLimitTimeWindow: window }: ForeignRow) {
  const isUnlimited = [limit, window].some((value) => value === undefined || value === null || value === "")
  return isUnlimited ? null : { limit: Number(limit), window: Math.ceil(Number(window) / 1000) }
}
