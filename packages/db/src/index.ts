export { createDatabase, IN_MEMORY } from "./createDatabase.ts"
export { createLimiter, type Usage } from "./createLimiter.ts"
export type { Database, DatabaseHandle, DatabaseOptions } from "./database.ts"
export { DatabaseUnavailable } from "./databaseUnavailable.ts"
export { codeOf } from "./driver/causesOf.ts"
export { parseDatabaseUrl } from "./driver/databaseUrl.ts"
export { DatabaseUrlError } from "./driver/databaseUrlError.ts"
export { isOfStandby } from "./driver/onPrimary.ts"
export type { SemaphoreUsage } from "./driver/semaphore.ts"
export { simulateOutage } from "./driver/simulateOutage.ts"
export { DataFolderInUse } from "./embedded/dataFolderInUse.ts"
export { DatabaseUnusable } from "./migrate/databaseUnusable.ts"
export {
  type ApiKeySearch,
  listEveryonesApiKeys,
  type OwnedApiKey,
  revokeAnyonesApiKey,
} from "./queries/adminApiKeys.ts"
export {
  type AdminResult,
  disableUser,
  enableUser,
  type ListedUser,
  listUsers,
  type UserStatus,
} from "./queries/adminUsers.ts"
export { addCalls, type CounterState, type NewCalls } from "./queries/apiKeyCounters.ts"
export {
  type ApiKeySettings,
  createApiKey,
  findApiKey,
  type ListedApiKey,
  listApiKeys,
  revokeApiKey,
  touchApiKeys,
} from "./queries/apiKeys.ts"
export {
  addUsage,
  findUsageOfApiKey,
  findUsageOfOwner,
  type NewUsage,
  type UsageOfDay,
} from "./queries/apiKeyUsage.ts"
export {
  type AuditKind,
  bySession,
  type ClientInfo,
  type ListedAuditEvent,
  listAuditEvents,
} from "./queries/auditEvents.ts"
export {
  type ActingCredential,
  type AffectedOwner,
  type ByAdmin,
  type SessionCredential,
  sessionCredential,
} from "./queries/authority.ts"
export { countFailure } from "./queries/countFailure.ts"
export {
  deleteOldAuditEvents,
  deleteOldCounters,
  deleteOldLimits,
  deleteOldMassRevocations,
  deleteOldSessions,
  deleteOldUsage,
} from "./queries/deleteOld.ts"
export {
  type ImportOutcome,
  importApiKeys,
  MAX_KEYS_OF_START,
  MAX_START_LENGTHS,
  type NewImportedKey,
  newTrial,
  type Trial,
} from "./queries/importApiKeys.ts"
export {
  findImportedApiKeys,
  findImportedStartLengths,
  type ImportedApiKey,
} from "./queries/importedApiKeys.ts"
export {
  confirmMassRevocation,
  findMassRevocationTargets,
  finishMassRevocation,
  previewMassRevocation,
  type RevocationCriteria,
  revokeTargets,
} from "./queries/massRevocations.ts"
export { OWN_ISSUER, type OwnerIdentity, type StoredOwner, type User } from "./queries/ownerColumns.ts"
export { findOwnerStates, type OwnerState } from "./queries/ownerStates.ts"
export { recordOwnerToken } from "./queries/ownerTokens.ts"
export { ping } from "./queries/ping.ts"
export type { Position } from "./queries/position.ts"
export { recordKeyRefusal } from "./queries/recordKeyRefusal.ts"
export { revokeLeakedApiKey } from "./queries/revokeLeakedApiKey.ts"
export { findRolesWithRights } from "./queries/rolesWithRights.ts"
export { type NewSecret, rotateApiKey, type Succession } from "./queries/rotateApiKey.ts"
export { rotateSession } from "./queries/rotateSession.ts"
export {
  createSession,
  endSession,
  endSessionOfFamily,
  findLiveFamilies,
  findLiveSessions,
  type LiveFamily,
  type LiveSession,
  listSessions,
  revokeOtherSessions,
  revokeSession,
} from "./queries/sessions.ts"
export { appointOldestUser, syncAdmins } from "./queries/syncAdmins.ts"
export { type ChangeableApiKey, type ChangeableSettings, updateApiKey } from "./queries/updateApiKey.ts"
export {
  changePassword,
  createUser,
  findPasswordHash,
  findUserByEmail,
  type NewUserRole,
  replacePasswordHash,
} from "./queries/users.ts"
export {
  findVerifiableApiKeys,
  findVerifiableApiKeysById,
  recordReceipt,
  type VerifiableApiKey,
} from "./queries/verifiableApiKeys.ts"
export { DEFAULT_SCHEMA, isSchemaName, SCHEMA_NAME_RULE } from "./schemaName.ts"
