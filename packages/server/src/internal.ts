// For Latchkey's own server, which can decide more than an application can. Not part of the published package.
export { createServer } from "./createServer.ts"
export type { Internals } from "./engine/engine.ts"
export {
  adminEmail,
  adminSubjects,
  configuredKey,
  databaseUrl,
  importedKeyPrefix,
  issuer,
  keyPrefix,
  keyRateLimit,
  origin,
  product,
  publicUrl,
  scopes,
  secret,
  time,
} from "./options/fields.ts"
export type { Settings } from "./options/readOptions.ts"
export { findFenceProblem } from "./options/revocationFence.ts"
export { RestoreLogError } from "./restoreLog/restoreLogError.ts"
