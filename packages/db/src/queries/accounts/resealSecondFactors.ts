import { and, asc, eq, gt, inArray } from "drizzle-orm"
import { query, write } from "../../query.ts"
import { secondFactors } from "../../schema/accounts.ts"
import type { SealedSecret } from "./secondFactors.ts"

/** Secrets of authenticator apps that are encrypted by one of these server secrets, in the order of their users. */
export const findSecondFactorsSealedBy = query(
  async (
    db,
    { secretIds, after, limit }: { secretIds: readonly string[]; after: string | null; limit: number },
  ): Promise<(SealedSecret & { userId: string })[]> =>
    db
      .select({
        userId: secondFactors.userId,
        sealedSecret: secondFactors.sealedSecret,
        secretId: secondFactors.secretId,
      })
      .from(secondFactors)
      .where(
        and(
          inArray(secondFactors.secretId, [...secretIds]),
          after === null ? undefined : gt(secondFactors.userId, after),
        ),
      )
      .orderBy(asc(secondFactors.userId))
      .limit(limit),
)

/** Replaces an encrypted secret by the same one, encrypted again, unless it has been replaced since it was read. */
export const resealSecondFactor = write(
  async (db, { userId, from, to }: { userId: string; from: Uint8Array; to: SealedSecret }): Promise<void> => {
    await db
      .update(secondFactors)
      .set(to)
      .where(and(eq(secondFactors.userId, userId), eq(secondFactors.sealedSecret, from)))
  },
)
