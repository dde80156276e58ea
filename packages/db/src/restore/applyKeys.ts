import { and, eq, isNull, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { revocation } from "../queries/keys/apiKeys.ts"
import { apiKeys } from "../schema/apiKeys.ts"
import { disabling } from "./disabling.ts"
import { recordKeys } from "./recordByLog.ts"
import { type ChangeOf, recordset } from "./recordset.ts"

/**
 * Revokes keys, or gives them the settings that they had. A revoked key stays revoked.
 *
 * @param isContested which keys may have been narrowed elsewhere since: if their settings differ, they are disabled.
 */
export async function applyKeys(
  tx: Database,
  changes: readonly ChangeOf<"key">[],
  isContested: (id: string) => boolean,
) {
  const isOver = ({ state }: ChangeOf<"key">) => state === null || "revokedAt" in state
  const over = changes.filter(isOver).map(({ id, state }) => ({ id, ...state }))
  const revoked = await tx
    .update(apiKeys)
    .set({ ...revocation, revokedAt: sql`coalesce(after."revokedAt", now())` })
    .from(recordset(over, sql`id uuid, "revokedAt" timestamptz`))
    .where(and(eq(apiKeys.id, sql`after.id`), isNull(apiKeys.revokedAt)))
    .returning({ id: apiKeys.id, label: apiKeys.label, ownerId: apiKeys.ownerId })
  const others = changes.filter((change) => !isOver(change)).map(({ id, state }) => ({ id, ...state }))
  const changed = await tx
    .update(apiKeys)
    .set({
      expiresAt: sql`after."expiresAt"`,
      disabledAt: sql`after."disabledAt"`,
      scopes: sql`after.scopes`,
      allowedIps: sql`after."allowedIps"`,
      rateLimit: sql`after."rateLimit"`,
      rateWindow: sql`after."rateWindow"`,
      locked: sql`after.locked`,
      checks: sql`after.checks`,
    })
    .from(settingsOf(others.filter(({ id }) => !isContested(id))))
    .where(isDifferent)
    .returning({ id: apiKeys.id, label: apiKeys.label, ownerId: apiKeys.ownerId })
  const disabled = await tx
    .update(apiKeys)
    .set(disabling)
    .from(settingsOf(others.filter(({ id }) => isContested(id))))
    .where(and(isDifferent, isNull(apiKeys.disabledAt)))
    .returning({ id: apiKeys.id, label: apiKeys.label, ownerId: apiKeys.ownerId })
  await recordKeys(tx, "apiKeyRevoked", revoked)
  await recordKeys(tx, "apiKeyUpdated", changed)
  await recordKeys(tx, "apiKeyUpdated", disabled, { disabled: { from: false, to: true } })
  return { keysRevoked: revoked.length, keysChanged: changed.length + disabled.length }
}

const settingsOf = (rows: readonly object[]) =>
  recordset(
    rows,
    sql`id uuid, "expiresAt" timestamptz, "disabledAt" timestamptz, scopes text[], "allowedIps" text[],
      "rateLimit" integer, "rateWindow" integer, locked boolean, checks text[]`,
  )

const settings = sql`(${apiKeys.expiresAt}, ${apiKeys.disabledAt}, ${apiKeys.scopes}, ${apiKeys.allowedIps},
  ${apiKeys.rateLimit}, ${apiKeys.rateWindow}, ${apiKeys.locked}, ${apiKeys.checks})`

const wanted = sql`(after."expiresAt", after."disabledAt", after.scopes, after."allowedIps", after."rateLimit",
  after."rateWindow", after.locked, after.checks)`

const isDifferent = and(
  eq(apiKeys.id, sql`after.id`),
  isNull(apiKeys.revokedAt),
  sql`${settings} is distinct from ${wanted}`,
)
