// For Latchkey's own server, which decides more than an application can. Not part of the published package.
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
  publicUrl,
  scopes,
  secret,
} from "./options/fields.ts"
export type { Settings } from "./options/readOptions.ts"
