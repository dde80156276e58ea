import { randomUUID } from "node:crypto"
import type { ApiKey } from "@latchkey/sdk"

export const NOW = Date.UTC(2026, 10, 27, 12)
export const DAY = 86_400_000

/** A time before or after `NOW`. */
export const inDays = (days: number) => new Date(NOW + days * DAY)

/** An active key, created a day before `NOW` and never used. */
export const newKey = (settings: Partial<ApiKey> = {}): ApiKey => ({
  id: randomUUID(),
  label: "test",
  start: "1a2b3c4d",
  scopes: null,
  allowedIps: null,
  rateLimit: null,
  disabled: false,
  locked: false,
  metadata: null,
  replaces: null,
  replacedBy: null,
  createdBy: "user_7",
  createdAt: inDays(-1),
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
  ...settings,
})
