import { createHash } from "node:crypto"
import { and, eq, gt, inArray, lt, or, sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import type { Renewal } from "../../leases/lease.ts"
import type { LeaseLook } from "../../leases/shareLooks.ts"
import type { LaggingLease } from "../../leases/waitForLeases.ts"
import { lasting, query, write } from "../../query.ts"
import { authority, authorityChanges, leases } from "../../schema/authority.ts"

/** The timeline of a snapshot: each promotion of a standby begins a new one. */
export const timeline = sql<string>`(select left(pg_walfile_name(pg_current_wal_lsn()), 8))`

/** The position of the newest change in a snapshot. */
export const position = sql<number>`(select ${authority.position}::float8 from ${authority})`

/**
 * The channel on which `raise_authority` announces changes. Names of channels have at most 63 bytes, like those of
 * schemas.
 */
export const channelOf = (schema: string): string =>
  `latchkey_${createHash("md5").update(schema).digest("hex")}`

/** More changes than this count as a change of everything. */
const MAX_CHANGES = 10_000

/** `raise_authority` takes the same lock, shared, for each change. */
const lockFirstLease = sql`
  select pg_advisory_xact_lock(hashtextextended('latchkey leases ' || current_schema(), 0))`

/** Registers an instance that is going to ask for leases. From now on, changes are recorded. */
export const beginLeases = lasting(
  async (
    db,
    { instanceId, token, length }: { instanceId: string; token: string; length: number },
  ): Promise<{ timeline: string }> =>
    db.transaction(async (tx) => {
      await tx.execute(lockFirstLease)
      // Before the first lease, no changes were recorded. An instance that was overlooked when the leases were ended by
      // hand must not renew its lease. It has to register again, and then forgets all rows.
      await tx
        .update(leases)
        .set({ token: sql`gen_random_uuid()` })
        .where(sql`(select ${authority.longestLease} from ${authority}) = 0`)
      const [state] = await tx
        .update(authority)
        .set({
          // The first lease raises the position, because earlier reads may have missed changes that were not recorded.
          position: sql`${authority.position} + (${authority.longestLease} = 0)::int`,
          longestLease: sql`greatest(${authority.longestLease}, ${length})`,
        })
        .returning({ position: authority.position, timeline })
      if (!state) throw new TypeError("the state of the leases is missing")
      await tx.insert(leases).values({ instanceId, token, length, applied: state.position })
      return { timeline: state.timeline }
    }),
)

/**
 * Renews a lease, and returns what has changed. With `requireSynchronous`, it fails unless a standby has the renewal,
 * because an old primary that was cut off must not grant leases.
 */
export const renewLease = lasting(
  async (
    db,
    params: {
      instanceId: string
      tokens: readonly string[]
      nextToken: string
      timeline: string
      applied: number | null
    },
  ): Promise<Renewal> => {
    const renewed = db.$with("renewed").as(
      db
        .update(leases)
        .set({
          token: params.nextToken,
          applied: sql`coalesce(${params.applied}::bigint, ${leases.applied})`,
        })
        .where(
          and(
            eq(leases.instanceId, params.instanceId),
            inArray(leases.token, [...params.tokens]),
            sql`${timeline} = ${params.timeline}`,
            // Otherwise, changes may no longer be recorded, nor wait for this lease.
            sql`${leases.length} <= (select ${authority.longestLease} from ${authority})`,
          ),
        )
        .returning({ instanceId: leases.instanceId }),
    )
    const changes = db
      .select({ id: authorityChanges.subjectId })
      .from(authorityChanges)
      .where(gt(authorityChanges.position, sql`${params.applied}::bigint`))
      .limit(MAX_CHANGES + 1)
    const [renewal] = await db
      .with(renewed)
      .select({
        isRenewed: sql<boolean>`exists (select from ${renewed})`,
        timeline,
        position,
        changes: sql<string[] | null>`
          case when ${authority.deletedTo} <= ${params.applied}::bigint
          then (select coalesce(json_agg(id), '[]') from (${changes}) as changes (id)) end`,
        now: sql<number>`(extract(epoch from now()) * 1000)::float8`,
      })
      .from(authority)
      .where(onPrimary)
    if (!renewal) throw new TypeError("the state of the leases is missing")
    const isTooMuch = renewal.changes !== null && renewal.changes.length > MAX_CHANGES
    return isTooMuch ? { ...renewal, changes: null } : renewal
  },
)

/** Unregisters an instance, which must no longer answer from memory. */
export const releaseLease = write(async (db, { instanceId }: { instanceId: string }): Promise<void> => {
  await db.delete(leases).where(eq(leases.instanceId, instanceId))
})

/** The state of the instances with leases. */
export const findLeaseStates = query(async (db, _: undefined): Promise<LeaseLook> => {
  const [states] = await db
    .select({
      timeline,
      position,
      longestLease: authority.longestLease,
      lagging: sql<LeaseLook["lagging"]>`(
        select coalesce(json_agg(json_build_object(
          'instanceId', instance_id, 'token', token, 'length', length, 'applied', applied)), '[]')
        from ${leases} where ${lt(leases.applied, authority.position)})`,
    })
    .from(authority)
    .where(onPrimary)
  if (!states) throw new TypeError("the state of the leases is missing")
  return states
})

/** Unregisters instances whose leases have run out, unless they have renewed them since. */
export const forgetLeases = write(async (db, params: { leases: readonly LaggingLease[] }): Promise<void> => {
  const same = params.leases.map(({ instanceId, token }) =>
    and(eq(leases.instanceId, instanceId), eq(leases.token, token)),
  )
  await db.delete(leases).where(or(...same))
})
