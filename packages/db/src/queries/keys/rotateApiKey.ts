import { and, eq, isNull, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { takeAway } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { type ActingCredential, withAuthority } from "../owners/authority.ts"
import { byOwner, recordEvent } from "../trail/auditEvents.ts"
import {
  checksOf,
  type ListedApiKey,
  listedApiKeyColumns,
  type NewApiKey,
  revocation,
  settingsColumns,
} from "./apiKeys.ts"
import { isActive, isOneOrReplacedBy } from "./isValid.ts"
import { type ChangeableSettings, changesBetween, settingsOf } from "./updateApiKey.ts"

/** The secret of a new key. */
export type NewSecret = Pick<
  NewApiKey,
  "id" | "prefix" | "lookupId" | "keyHash" | "receipt" | "receiptSecretId"
>

/**
 * The fields that a successor does not copy from the key that it replaces, or the reason why there can be no
 * successor.
 */
export type Succession<Refusal> =
  | { differing: Pick<ChangeableSettings, "expiresAt" | "scopes"> }
  | { refusal: Refusal }

/**
 * Replaces one of the caller's active keys. The successor copies its settings and shares the counter of its limit.
 * The old key ends at the latest after the grace period. Without one, it is revoked in the same transaction. The key
 * that the old one had itself replaced is revoked.
 *
 * @param params.grace seconds.
 * @returns the successor, or the refusal of `decide`, or `notFound` if the caller has no such active key.
 */
export const rotateApiKey = takeAway(
  async <Refusal>(
    db: Database,
    {
      id,
      by,
      successor,
      grace,
      client,
      decide,
    }: {
      id: string
      by: ActingCredential
      successor: NewSecret
      grace: number
      client: ClientInfo
      decide: (before: ChangeableSettings) => Succession<Refusal>
    },
  ): Promise<{ apiKey: ListedApiKey } | { refusal: Refusal } | "notFound" | "alreadyReplaced" | "ended"> =>
    withAuthority(
      db,
      by,
      async (tx) => {
        const old = await lockChain(tx, { id, ownerId: by.owner.id })
        if (!old) return "notFound"
        if (old.replacedBy !== null) return "alreadyReplaced"
        const before = settingsOf(old)
        const decision = decide(before)
        if ("refusal" in decision) return decision
        const settings = { ...before, ...decision.differing }

        if (old.replaces !== null) await revokePredecessor(tx, { id: old.replaces, by, client })
        const ended = await endReplaced(tx, { old, by, replacedBy: successor.id, grace })
        const [apiKey] = await tx
          .insert(apiKeys)
          .values({
            ...successor,
            ...settingsColumns(settings),
            disabledAt: old.disabledAt,
            // Checks that only a newer version knows are copied, because the settings that they check may be copied
            // too.
            checks: [...old.checks.filter((check) => !isRewritten(check, before)), ...checksOf(settings)],
            ownerId: by.owner.id,
            replaces: id,
            counterId: old.counterId ?? id,
            createdBy: by.actor ?? by.owner.subject,
          })
          .returning(listedApiKeyColumns)
        if (!apiKey) throw new TypeError("insert returned no row")
        await recordEvent(tx, {
          ...byOwner(by),
          kind: "apiKeyRotated",
          client,
          subject: { id, label: old.label },
          changes: changesBetween(endOf(old), endOf(ended)),
        })
        return { apiKey }
      },
      { keyId: id },
    ),
)

type Old = NonNullable<Awaited<ReturnType<typeof lockChain>>>
type Ended = Pick<ListedApiKey, "replacedBy" | "expiresAt" | "revokedAt">

/** Successors have the format of keys that were created here. */
const isRewritten = (check: string, before: ChangeableSettings) =>
  check === "imported" || checksOf(before).includes(check)

/**
 * Locks an active key and the one that it replaces, in the order of their ids, in which their uses are recorded too.
 *
 * @returns the key.
 */
async function lockChain(tx: Database, { id, ownerId }: { id: string; ownerId: string }) {
  const rows = await tx
    .select({ ...listedApiKeyColumns, checks: apiKeys.checks, counterId: apiKeys.counterId })
    .from(apiKeys)
    .where(and(eq(apiKeys.ownerId, ownerId), isActive, isOneOrReplacedBy([id], id)))
    .orderBy(apiKeys.id)
    .for("no key update")
  return rows.find((row) => row.id === id)
}

/** Ends the key that the replaced one replaces, so that at most two keys of a chain are live. */
async function revokePredecessor(
  tx: Database,
  { id, by, client }: { id: string; by: ActingCredential; client: ClientInfo },
): Promise<void> {
  const [subject] = await tx
    .update(apiKeys)
    .set(revocation)
    .where(and(eq(apiKeys.id, id), eq(apiKeys.ownerId, by.owner.id), isActive))
    .returning({ id: apiKeys.id, label: apiKeys.label })
  if (subject) await recordEvent(tx, { ...byOwner(by), kind: "apiKeyRevoked", client, subject })
}

async function endReplaced(
  tx: Database,
  { old, by, replacedBy, grace }: { old: Old; by: ActingCredential; replacedBy: string; grace: number },
): Promise<Ended> {
  const [ended] = await tx
    .update(apiKeys)
    .set({
      replacedBy,
      // Revoking does not depend on any clock, and leaves no credential behind.
      ...(grace === 0
        ? revocation
        : { expiresAt: sql`least(${apiKeys.expiresAt}, now() + make_interval(secs => ${grace}))` }),
    })
    .where(
      and(
        eq(apiKeys.id, old.id),
        eq(apiKeys.ownerId, by.owner.id),
        isNull(apiKeys.revokedAt),
        isNull(apiKeys.replacedBy),
      ),
    )
    .returning({
      replacedBy: apiKeys.replacedBy,
      expiresAt: apiKeys.expiresAt,
      revokedAt: apiKeys.revokedAt,
    })
  if (!ended) throw new TypeError("a locked key has changed")
  return ended
}

/** The changes that a rotation makes to the old key. */
const endOf = ({ replacedBy, expiresAt, revokedAt }: Ended): Ended => ({ replacedBy, expiresAt, revokedAt })
