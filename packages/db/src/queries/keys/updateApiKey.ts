import { and, eq, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { takeAway } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import type { Change } from "../../schema/auditEvents.ts"
import { type ActingCredential, withAuthority } from "../owners/authority.ts"
import { byOwner, recordEvent } from "../trail/auditEvents.ts"
import {
  type ApiKeySettings,
  checksOf,
  type ListedApiKey,
  listedApiKeyColumns,
  settingsColumns,
} from "./apiKeys.ts"
import { isActive } from "./isValid.ts"

/** The fields that an update can change. */
export interface ChangeableSettings extends ApiKeySettings {
  disabled: boolean
}

/** The settings that a key gets, or the reason why it stays as it is. */
export type Decision<Refusal> = { after: ChangeableSettings } | { refusal: Refusal }

/** The data on which a decision about a key can depend. */
export interface ChangeableApiKey extends ChangeableSettings {
  createdAt: Date
  /** The key that replaces this one. */
  replacedBy: string | null
}

/**
 * Changes one of the caller's active keys, and records what changed. Changes by the same owner are serialized, and the
 * row stays locked while `decide` chooses the new settings, so that no concurrent change is lost or left out of the trail.
 *
 * @returns the key, or the refusal of `decide`, or `notFound` if the caller has no such active key.
 */
export const updateApiKey = takeAway(
  async <Refusal>(
    db: Database,
    {
      id,
      by,
      client,
      decide,
    }: {
      id: string
      by: ActingCredential
      client: ClientInfo
      decide: (before: ChangeableApiKey) => Decision<Refusal>
    },
  ): Promise<{ apiKey: ListedApiKey } | { refusal: Refusal } | "notFound" | "ended"> =>
    withAuthority(
      db,
      by,
      async (tx) => {
        const isTheirs = and(eq(apiKeys.id, id), eq(apiKeys.ownerId, by.owner.id), isActive)
        const [row] = await tx
          .select({ ...listedApiKeyColumns, checks: apiKeys.checks })
          .from(apiKeys)
          .where(isTheirs)
          .for("no key update")
        if (!row) return "notFound"
        const { checks, ...apiKey } = row
        const before = settingsOf(apiKey)
        const decision = decide({ ...before, createdAt: row.createdAt, replacedBy: row.replacedBy })
        if ("refusal" in decision) return decision
        const { after } = decision
        const changes = changesBetween(before, after)
        if (Object.keys(changes).length === 0) return { apiKey }

        const [updated] = await tx
          .update(apiKeys)
          .set({
            ...settingsColumns(after),
            disabledAt: after.disabled ? sql`coalesce(${apiKeys.disabledAt}, now())` : null,
            checks: [...checks.filter((check) => !checksOf(before).includes(check)), ...checksOf(after)],
          })
          .where(isTheirs)
          .returning(listedApiKeyColumns)
        if (!updated) return "notFound"
        const subject = { id, label: after.label }
        await recordEvent(tx, { ...byOwner(by), kind: "apiKeyUpdated", client, subject, changes })
        return { apiKey: updated }
      },
      { keyId: id },
    ),
)

/** The settings in the row of a key. */
export function settingsOf({ rateLimit, rateWindow, disabledAt, ...row }: ListedApiKey): ChangeableSettings {
  const { label, expiresAt, scopes, allowedIps, metadata, locked } = row
  return {
    ...{ label, expiresAt, scopes, allowedIps, metadata, locked },
    rateLimit: rateLimit === null || rateWindow === null ? null : { limit: rateLimit, window: rateWindow },
    disabled: disabledAt !== null,
  }
}

/** The fields that differ, as JSON. */
export function changesBetween<Fields extends object>(before: Fields, after: Fields): Record<string, Change> {
  const fields = Object.keys(before) as (keyof Fields & string)[]
  const differing = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
  return Object.fromEntries(differing.map((field) => [field, { from: before[field], to: after[field] }]))
}
