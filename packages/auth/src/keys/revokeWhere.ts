import {
  confirmMassRevocation,
  type Database,
  DatabaseUnavailable,
  findMassRevocationTargets,
  finishMassRevocation,
  previewMassRevocation,
  type RevocationCriteria,
  revokeTargets,
  type OwnedApiKey as StoredOwnedApiKey,
} from "@latchkey/db"
import type { Origin } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { type Administrator, requireDoneByAdmin } from "../identities/administrator.ts"
import { isUuid } from "../isUuid.ts"
import type { KeyRateLimits } from "./keyRateLimits.ts"
import { type ApiKey, toApiKey } from "./toApiKey.ts"
import { withoutSecrets } from "./withoutSecrets.ts"

/** Which keys to revoke. There is at least one condition, and a key has to meet all of them. */
export interface RevokeWhereConditions {
  createdBefore?: Date | undefined
  createdAfter?: Date | undefined
  unusedSince?: Date | undefined
  issuer?: string | undefined
  subject?: string | undefined
  createdBy?: string | undefined
  labelContains?: string | undefined
  scope?: string | undefined
}

/** A key with its owner. */
type SampleKey = ApiKey & Pick<StoredOwnedApiKey, "owner">

/** Revokes all users' keys that meet given conditions. */
export interface RevokeWhere {
  /**
   * The keys that would be revoked, and the id that confirms the revocation.
   *
   * @throws {AuthError} `INVALID_INPUT`, `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  preview(
    admin: Administrator,
    where: RevokeWhereConditions,
  ): Promise<{ count: number; sample: SampleKey[]; confirm: string }>
  /**
   * Revokes the previewed keys, in batches. Once this has resolved, no instance accepts any of the keys. A repeated
   * confirmation continues where the last one has ended, and revokes nothing new once all keys are revoked.
   *
   * @throws {AuthError} `UNAVAILABLE` with `begun` if it is not finished: repeat the call. `INVALID_INPUT` unless this
   *   administrator has previewed these conditions in the last 10 minutes; `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  confirm(
    admin: Administrator,
    input: { where: RevokeWhereConditions; confirm: string },
    client: Origin,
  ): Promise<{ revoked: number }>
}

const SAMPLE_SIZE = 10

/** Few enough for one search, and for one transaction, to end well within the time limit of a query. */
const FOUND_AT_ONCE = 10_000
const REVOKED_AT_ONCE = 500

/** How long a call works before it tells its client to repeat it: less than the timeout of most clients. */
const MAX_MS = 8_000

export function createRevokeWhere(db: Database, rateLimits: KeyRateLimits): RevokeWhere {
  /** @throws {AuthError} `UNAVAILABLE` when its time is over. */
  async function revokeAll(
    by: Administrator,
    { id, criteria, client }: { id: string; criteria: RevocationCriteria; client: Origin },
  ): Promise<number> {
    const endsAt = performance.now() + MAX_MS
    for (;;) {
      const targets = await findMassRevocationTargets(db, { id, criteria, by, limit: FOUND_AT_ONCE })
      if (targets.length === 0) return finishMassRevocation(db, { id, client })
      for (let begin = 0; begin < targets.length; begin += REVOKED_AT_ONCE) {
        const ids = targets.slice(begin, begin + REVOKED_AT_ONCE)
        const revoked = requirePermitted(await revokeTargets(db, { id, ids, by, client }))
        if (performance.now() > endsAt) throw unfinished(`${revoked} keys are revoked so far`)
      }
    }
  }

  return {
    async preview(by, where) {
      const criteria = readCriteria(where)
      const preview = requirePermitted(
        await previewMassRevocation(db, { by, criteria, sampleSize: SAMPLE_SIZE }),
      )
      const sample = preview.sample.map((row) => toApiKey(row, rateLimits))
      return { count: preview.count, sample, confirm: preview.id }
    },

    async confirm(by, { where, confirm: id }, client) {
      if (!isUuid(id)) throw notPreviewed()
      const criteria = readCriteria(where)
      const state = await confirmMassRevocation(db, { id, criteria, by, client })
      if (state === "notFound") throw notPreviewed()
      const { isFinished, revoked } = requirePermitted(state)
      if (isFinished) return { revoked }
      try {
        return { revoked: await revokeAll(by, { id, criteria, client }) }
      } catch (cause) {
        throw cause instanceof DatabaseUnavailable
          ? unfinished("Some keys may not be revoked yet", cause)
          : cause
      }
    },
  }
}

/** @throws {AuthError} `UNAUTHENTICATED`, `FORBIDDEN`. */
function requirePermitted<Result extends object | number>(
  result: Result | "ended" | "notAdmin" | "notFound",
): Result {
  if (typeof result !== "string") return result
  requireDoneByAdmin(result, "There is no such revocation any more.")
  throw new TypeError("a refusal was expected")
}

/** @throws {AuthError} `INVALID_INPUT` for a whole key, which must not be in a search. */
function readCriteria({
  createdBefore,
  createdAfter,
  unusedSince,
  labelContains,
  ...same
}: RevokeWhereConditions): RevocationCriteria {
  if (labelContains !== undefined && withoutSecrets(labelContains) !== labelContains) {
    throw new AuthError("INVALID_INPUT", "where.labelContains must not contain a key", {
      field: "where.labelContains",
    })
  }
  const criteria = {
    createdBefore: toText(createdBefore),
    createdAfter: toText(createdAfter),
    unusedSince: toText(unusedSince),
    labelContains,
    ...same,
  }
  const given = Object.entries(criteria).filter(([, condition]) => condition !== undefined)
  return Object.fromEntries(given) as RevocationCriteria
}

/** No key is older than 1970, and PostgreSQL can't parse the format that JavaScript uses for early years. */
const toText = (time: Date | undefined) => time && new Date(Math.max(0, time.getTime())).toISOString()

const notPreviewed = () =>
  new AuthError(
    "INVALID_INPUT",
    "confirm must be from your own preview of the same conditions in the last 10 minutes",
    { field: "confirm" },
  )

const unfinished = (state: string, cause?: unknown) =>
  new AuthError("UNAVAILABLE", `${state}; repeat the call with the same confirm to continue.`, {
    begun: true,
    retryAfter: 1,
    ...(cause !== undefined && { cause }),
  })
