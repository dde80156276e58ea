import { and, desc, eq, inArray, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { sessions } from "../../schema/sessions.ts"
import { isLive } from "../keys/isValid.ts"
import { recordEvent } from "../trail/auditEvents.ts"

export interface NewSession {
  id: string
  familyHash: Uint8Array
  turnHash: Uint8Array
  /** Seconds until it ends, regardless of refreshes. */
  ttl: number
  /** Seconds without a refresh until it ends; without it, only `ttl` counts. */
  idleTtl?: number | undefined
}

/** Stores a session that was opened with a password, and records it. Its expiry follows the database's clock. */
export async function openSession(
  tx: Database,
  params: { userId: string; kind: "registered" | "loggedIn"; session: NewSession; client: ClientInfo },
): Promise<void> {
  const { userId, kind, client } = params
  const { ttl, idleTtl, ...session } = params.session
  await tx.insert(sessions).values({
    ...session,
    userId,
    device: client.device,
    address: client.address,
    expiresAt: sql`now() + make_interval(secs => ${Math.min(ttl, idleTtl ?? ttl)})`,
    finalExpiresAt: idleTtl === undefined ? null : sql`now() + make_interval(secs => ${ttl})`,
  })
  const subject = { id: session.id, label: client.device }
  await recordEvent(tx, { ownerId: userId, kind, via: "password", credentialId: null, client, subject })
}

/**
 * The maximum number of live sessions per user. A password change or disabling the user ends all of them in one
 * statement, which would time out with too many.
 */
export const MAX_LIVE_SESSIONS = 1_000

/**
 * Ends the least recently used sessions until there is room for another, and records how many. The lock on the user's
 * row serializes concurrent sign-ins.
 */
export async function makeRoom(
  tx: Database,
  { userId, client }: { userId: string; client: ClientInfo },
): Promise<void> {
  const tooMany = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isLive))
    .orderBy(desc(sessions.refreshedAt), desc(sessions.id))
    .offset(MAX_LIVE_SESSIONS - 1)
  const ended = await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(inArray(sessions.id, tooMany))
    .returning({ id: sessions.id })
  if (ended.length === 0) return
  await recordEvent(tx, {
    ownerId: userId,
    kind: "oldestSessionsEnded",
    via: "password",
    credentialId: null,
    client,
    count: ended.length,
  })
}
