import { describeError } from "@latchkey/api"
import { type AuthOptions, createTrustedIssuers } from "@latchkey/auth"
import { identifyOnce, scopesOfOnce } from "../host/hostCall.ts"
import type { Settings } from "../options/readOptions.ts"
import type { Internals } from "./internals.ts"
import type { toHandlerLogger } from "./logger.ts"
import { dashboardUrlOf } from "./protectedResource.ts"

/** What the accounts and keys of a server need, from its settings. */
export function authOptionsOf(
  settings: Settings,
  internals: Internals,
  {
    log,
    ...parts
  }: Pick<AuthOptions, "db" | "secrets" | "observer"> & { log: ReturnType<typeof toHandlerLogger> },
): AuthOptions {
  return {
    ...parts,
    accessTokenTtl: internals.accessTokenTtl,
    refreshTokenTtl: internals.refreshTokenTtl,
    sessionIdleTtl: internals.sessionIdleTtl ?? null,
    verifyLease:
      settings.verifyLease > 0 ? { seconds: settings.verifyLease, cache: settings.verifyLeaseCache } : null,
    bcryptCost: internals.bcryptCost,
    bcryptsAtOnce: internals.bcryptsAtOnce,
    connections: settings.maxConnections,
    registration: internals.registration,
    maxKeysPerUser: settings.maxKeysPerOwner,
    maxKeyLifetimeDays: settings.maxKeyLifetimeDays ?? null,
    keyRateLimit: settings.keyRateLimit ?? null,
    scopes: settings.scopes,
    keyPrefix: settings.keyPrefix ?? null,
    importedKeyPrefixes: settings.importedKeyPrefixes,
    passwords: settings.passwords,
    identify: settings.identify && identifyOnce(settings.identify),
    scopesOf: settings.scopesOf && scopesOfOnce(settings.scopesOf),
    hostIssuer: settings.issuer,
    trustedIssuers:
      settings.trustedIssuers.length > 0 ? createTrustedIssuers(settings.trustedIssuers) : undefined,
    servedIssuers: settings.servedIssuers,
    adminSubjects: settings.adminSubjects,
    adminEmails: internals.adminEmails,
    publicUrl: dashboardUrlOf(settings, internals.mountedAt),
    sendMail: internals.sendMail,
    ...(internals.adminSecondFactor && { adminSecondFactor: internals.adminSecondFactor }),
    auditRetentionDays: internals.auditRetentionDays,
    limits: internals.limits,
    configuredKeys: internals.configuredKeys,
    onConfiguredKeyLeaked: (name) =>
      log.warn(`a configured key (${name}) was reported as leaked; replace it in the configuration`),
    onBackgroundError: (error) => log.error({ errors: [describeError(error)] }, "background task failed"),
  }
}
