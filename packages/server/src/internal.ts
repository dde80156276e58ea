// For Latchkey's own server, which can decide more than an application can. Not part of the published package.
export { createServer } from "./createServer.ts"
export type { Internals } from "./engine/internals.ts"
export {
  adminEmail,
  adminSubjects,
  bearerToken,
  configuredKey,
  databaseUrl,
  importedKeyPrefix,
  issuer,
  keyPrefix,
  keyRateLimit,
  origin,
  product,
  publicUrl,
  restoreLog,
  scopes,
  secret,
  time,
} from "./options/fields.ts"
export type { Settings } from "./options/readOptions.ts"
export { findFenceProblem } from "./options/revocationFence.ts"
export type { RestoreLogStatus } from "./restoreLog/openRestoreLog.ts"
export { RestoreLogError } from "./restoreLog/restoreLogError.ts"
export { isFolder } from "./restoreLog/sinks/place.ts"
