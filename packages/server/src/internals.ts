import { defaultLimits } from "@latchkey/auth"
import type { Internals } from "./engine/internals.ts"
import { environment } from "./env.ts"

/** The settings that are not optional in the library. */
export const LIBRARY: Omit<Internals, "mountedAt"> = {
  environment,
  accessTokenTtl: 900,
  refreshTokenTtl: 2_592_000,
  bcryptCost: 10,
  registration: "open",
  adminEmails: [],
  auditRetentionDays: 365,
  limits: defaultLimits,
  configuredKeys: {},
  // The host itself knows the client's address.
  trustProxy: 0,
  authObserver: undefined,
  requestObserver: null,
  onQuery: undefined,
}
