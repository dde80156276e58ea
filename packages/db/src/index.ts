export type { ClientInfo } from "./clientInfo.ts"
export { createDatabase, IN_MEMORY } from "./createDatabase.ts"
export { createLimiter, type Usage } from "./createLimiter.ts"
export type { Database, DatabaseHandle, DatabaseOptions, ObserveStatement } from "./database.ts"
export { DatabaseUnavailable } from "./databaseUnavailable.ts"
export { examineDatabase, type Finding } from "./doctor/examine.ts"
export { codeOf } from "./driver/causesOf.ts"
export { parseDatabaseUrl } from "./driver/databaseUrl.ts"
export { DatabaseUrlError } from "./driver/databaseUrlError.ts"
export { isOfStandby } from "./driver/onPrimary.ts"
export { type ChangeLog, setLog } from "./driver/pool.ts"
export type { SemaphoreUsage } from "./driver/semaphore.ts"
export { simulateOutage } from "./driver/simulateOutage.ts"
export { DataFolderInUse } from "./embedded/dataFolderInUse.ts"
export type { Lease } from "./leases/lease.ts"
export { createLeasedRead, type SeenRow } from "./leases/leasedRead.ts"
export { openLease } from "./leases/openLease.ts"
export { DatabaseUnusable } from "./migrate/databaseUnusable.ts"
export { findUserOfToken, type NewAccountToken } from "./queries/accounts/accountTokens.ts"
export { storeEmailVerification, verifyEmail } from "./queries/accounts/emailVerifications.ts"
export { findAccount } from "./queries/accounts/findAccount.ts"
export {
  resetPassword,
  storePasswordReset,
  storePasswordResetByAdmin,
} from "./queries/accounts/passwordResets.ts"
export { resetSecondFactorByAdmin, resetSecondFactorOfEmail } from "./queries/accounts/resetSecondFactor.ts"
export {
  beginSecondFactor,
  enableSecondFactor,
  findSecondFactor,
  hasSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  type SealedSecret,
  type SecondFactorProof,
} from "./queries/accounts/secondFactors.ts"
export { completeChallenge, countChallengeTry } from "./queries/accounts/signInChallenges.ts"
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
  deleteOldAccountTokens,
  deleteOldAuditEvents,
  deleteOldChanges,
  deleteOldCounters,
  deleteOldLimits,
  deleteOldMassRevocations,
  deleteOldSessions,
  deleteOldSignInChallenges,
  deleteOldUsage,
} from "./queries/deleteOld.ts"
export { eraseMore, eraseUser, findUnfinishedErasures } from "./queries/eraseUser.ts"
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
export { keepMonths } from "./queries/keepMonths.ts"
export {
  confirmMassRevocation,
  findMassRevocationTargets,
  finishMassRevocation,
  previewMassRevocation,
  type RevocationCriteria,
  revokeTargets,
} from "./queries/massRevocations.ts"
export type { TableByMonth } from "./queries/months.ts"
export { OWN_ISSUER, type OwnerIdentity, type StoredOwner, type User } from "./queries/ownerColumns.ts"
export {
  findLeasedOwnerStates,
  findOwnerStates,
  type LeasedOwnerState,
  type OwnerState,
} from "./queries/ownerStates.ts"
export { recordOwnerToken } from "./queries/ownerTokens.ts"
export { ping } from "./queries/ping.ts"
export type { Position } from "./queries/position.ts"
export { recordKeyRefusal } from "./queries/recordKeyRefusal.ts"
export { findReplication, type Replication } from "./queries/replication.ts"
export { confirmRevocation, revokeLeakedApiKey } from "./queries/revokeLeakedApiKey.ts"
export { findRolesWithRights } from "./queries/rolesWithRights.ts"
export { type NewSecret, rotateApiKey, type Succession } from "./queries/rotateApiKey.ts"
export { rotateSession } from "./queries/rotateSession.ts"
export {
  createSession,
  endSession,
  endSessionOfFamily,
  findLeasedSessions,
  findLiveFamilies,
  findLiveSessions,
  type LeasedSession,
  type LiveFamily,
  type LiveSession,
  listSessions,
  type PendingSecondFactor,
  revokeOtherSessions,
  revokeSession,
} from "./queries/sessions.ts"
export { appointOldestUser, syncAdmins } from "./queries/syncAdmins.ts"
export { type ChangeableApiKey, type ChangeableSettings, updateApiKey } from "./queries/updateApiKey.ts"
export {
  changePassword,
  createUser,
  findAccountId,
  findPasswordHash,
  findUserByEmail,
  type NewUserRole,
  replacePasswordHash,
} from "./queries/users.ts"
export {
  findLeasedApiKeys,
  findVerifiableApiKeys,
  findVerifiableApiKeysById,
  recordReceipt,
  type VerifiableApiKey,
} from "./queries/verifiableApiKeys.ts"
export { endSignIns } from "./restore/applyAccounts.ts"
export { type Applied, applyChanges } from "./restore/applyChanges.ts"
export {
  type ChangesCursor,
  type FoundChanges,
  findChanges,
  type LoggedChange,
} from "./restore/findChanges.ts"
export {
  beginLog,
  findDeployment,
  findLogState,
  type LogState,
  lockChanges,
  lockLog,
} from "./restore/logState.ts"
export { markLogged } from "./restore/markLogged.ts"
export { hasNewerThan, type Refused, refuseDoubtful } from "./restore/refuseDoubtful.ts"
export { settleHistory } from "./restore/settleHistory.ts"
export { DEFAULT_SCHEMA, isSchemaName, SCHEMA_NAME_RULE } from "./schemaName.ts"
