import type { ApiKey } from "@latchkey/sdk"

const DAY = 86_400_000
const EXPIRES_SOON = 7 * DAY
const UNUSED_FOR = 30 * DAY

export const isExpired = ({ expiresAt }: ApiKey, now: number): boolean =>
  expiresAt !== null && expiresAt.getTime() <= now

/** Whether the key has ended for good: it is revoked or expired. */
export const hasEnded = (apiKey: ApiKey, now: number): boolean =>
  apiKey.revokedAt !== null || isExpired(apiKey, now)

/** Whether the key expires within 7 days. */
export const expiresSoon = (apiKey: ApiKey, now: number): boolean =>
  !hasEnded(apiKey, now) && apiKey.expiresAt !== null && apiKey.expiresAt.getTime() - now <= EXPIRES_SOON

/** Whether the key was not used for 30 days and was created before that. */
export const isUnused = (apiKey: ApiKey, now: number): boolean =>
  !hasEnded(apiKey, now) && now - (apiKey.lastUsedAt ?? apiKey.createdAt).getTime() >= UNUSED_FOR

/** Whether another key has replaced this one, which is valid until the end of its grace period. */
export const isInGrace = (apiKey: ApiKey, now: number): boolean =>
  apiKey.replacedBy !== null && !hasEnded(apiKey, now)
