import { and, eq, isNull } from "drizzle-orm"
import { query } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { isAfter, newestFirst, type Position } from "../position.ts"

/** Takes some 10 ms. Few owners have as many keys, even with those that have ended. */
const MAX_SCANNED = 10_000

/**
 * The last key that a page of a filtered list reads: active keys only, or with a search. Null if it may read all. Anybody can make
 * hundreds of thousands of keys that have ended. To read them all would take seconds, for which the embedded database
 * answers nobody else.
 */
export const findScanEnd = query(
  async (
    db,
    { ownerId, after, status }: { ownerId: string; after: Position | null; status: "active" | "all" },
  ): Promise<Position | null> => {
    const [last] = await db
      .select({ id: apiKeys.id, createdAt: apiKeys.createdAt })
      .from(apiKeys)
      .where(
        and(
          eq(apiKeys.ownerId, ownerId),
          status === "all" ? undefined : isNull(apiKeys.revokedAt),
          isAfter(apiKeys, after),
        ),
      )
      .orderBy(...newestFirst(apiKeys))
      .offset(MAX_SCANNED - 1)
      .limit(1)
    return last ?? null
  },
)
