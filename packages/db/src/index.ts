export type { ClientInfo } from "./clientInfo.ts"
export { createDatabase, IN_MEMORY } from "./createDatabase.ts"
export { createLimiter, type Usage } from "./createLimiter.ts"
export type { Database, DatabaseHandle, DatabaseOptions, ObserveStatement } from "./database.ts"
export { DatabaseUnavailable } from "./databaseUnavailable.ts"
export { examineDatabase, type Finding } from "./doctor/examine.ts"
export { codeOf } from "./driver/causesOf.ts"
export { type ChangeLog, setLog } from "./driver/pool.ts"
export { isOfStandby } from "./driver/primary/onPrimary.ts"
export type { SemaphoreUsage } from "./driver/semaphore.ts"
export { simulateOutage } from "./driver/simulateOutage.ts"
export { parseDatabaseUrl } from "./driver/url/databaseUrl.ts"
export { DatabaseUrlError } from "./driver/url/databaseUrlError.ts"
export { DataFolderInUse } from "./embedded/dataFolderInUse.ts"
export type { Lease } from "./leases/lease.ts"
export { createLeasedRead, type SeenRow } from "./leases/leasedRead.ts"
export { openLease } from "./leases/openLease.ts"
export { DatabaseUnusable } from "./migrate/databaseUnusable.ts"
export {
  type AppointedAdmins,
  findUserOfToken,
  type NewAccountToken,
} from "./queries/accounts/accountTokens.ts"
export { storeEmailVerification, verifyEmail } from "./queries/accounts/emailVerifications.ts"
export { findAccount } from "./queries/accounts/findAccount.ts"
export {
  resetPassword,
  storePasswordReset,
  storePasswordResetByAdmin,
} from "./queries/accounts/passwordResets.ts"
export { findSecondFactorsSealedBy, resealSecondFactor } from "./queries/accounts/resealSecondFactors.ts"
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
} from "./queries/keys/adminApiKeys.ts"
export { addCalls, type CounterState, type NewCalls } from "./queries/keys/apiKeyCounters.ts"
export {
  type ApiKeySettings,
  createApiKey,
  findApiKey,
  type ListedApiKey,
  listApiKeys,
  revokeApiKey,
  touchApiKeys,
} from "./queries/keys/apiKeys.ts"
export {
  addUsage,
  findUsageOfApiKey,
  findUsageOfOwner,
  type NewUsage,
  type UsageOfDay,
} from "./queries/keys/apiKeyUsage.ts"
export { findScanEnd } from "./queries/keys/findScanEnd.ts"
export {
  type ImportOutcome,
  importApiKeys,
  MAX_KEYS_OF_START,
  MAX_START_LENGTHS,
  type NewImportedKey,
  newTrial,
  type Trial,
} from "./queries/keys/importApiKeys.ts"
export {
  findImportedApiKeys,
  findImportedStartLengths,
  type ImportedApiKey,
} from "./queries/keys/importedApiKeys.ts"
export {
  confirmMassRevocation,
  findMassRevocationTargets,
  finishMassRevocation,
  previewMassRevocation,
  type RevocationCriteria,
  revokeTargets,
} from "./queries/keys/massRevocations.ts"
export { recordKeyRefusal } from "./queries/keys/recordKeyRefusal.ts"
export { confirmRevocation, revokeLeakedApiKey } from "./queries/keys/revokeLeakedApiKey.ts"
export { type NewSecret, rotateApiKey, type Succession } from "./queries/keys/rotateApiKey.ts"
export { type ChangeableApiKey, type ChangeableSettings, updateApiKey } from "./queries/keys/updateApiKey.ts"
export {
  findLeasedApiKeys,
  findVerifiableApiKeys,
  findVerifiableApiKeysById,
  recordReceipt,
  type VerifiableApiKey,
} from "./queries/keys/verifiableApiKeys.ts"
export { countFailure } from "./queries/limits/countFailure.ts"
export {
  type AdminResult,
  disableUser,
  enableUser,
  type ListedUser,
  listUsers,
  type UserStatus,
} from "./queries/owners/adminUsers.ts"
export {
  type ActingCredential,
  type AffectedOwner,
  type ByAdmin,
  type SessionCredential,
  sessionCredential,
} from "./queries/owners/authority.ts"
export { eraseMore, eraseUser, findUnfinishedErasures } from "./queries/owners/eraseUser.ts"
export { OWN_ISSUER, type OwnerIdentity, type StoredOwner, type User } from "./queries/owners/ownerColumns.ts"
export {
  findLeasedOwnerStates,
  findOwnerStates,
  type LeasedOwnerState,
  type OwnerState,
} from "./queries/owners/ownerStates.ts"
export { recordOwnerToken } from "./queries/owners/ownerTokens.ts"
export { appointOldestUser, syncAdmins } from "./queries/owners/syncAdmins.ts"
export {
  changePassword,
  createUser,
  findAccountId,
  findPasswordHash,
  findUserByEmail,
  type NewUserRole,
  replacePasswordHash,
} from "./queries/owners/users.ts"
export type { Position } from "./queries/position.ts"
export { ping } from "./queries/server/ping.ts"
export { findReplication, type Replication } from "./queries/server/replication.ts"
export { findRolesWithRights } from "./queries/server/rolesWithRights.ts"
export { createSession, type PendingSecondFactor } from "./queries/sessions/createSession.ts"
export {
  confirmEndedSessions,
  endSession,
  endSessionOfFamily,
  revokeOtherSessions,
  revokeSession,
} from "./queries/sessions/endSessions.ts"
export {
  findLeasedSessions,
  findLiveFamilies,
  findLiveSessions,
  findUserOfFamily,
  type LeasedSession,
  type LiveFamily,
  type LiveSession,
  listSessions,
} from "./queries/sessions/liveSessions.ts"
export { rotateSession } from "./queries/sessions/rotateSession.ts"
export {
  type AuditKind,
  bySession,
  type ListedAuditEvent,
  listAuditEvents,
} from "./queries/trail/auditEvents.ts"
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
} from "./queries/trail/deleteOld.ts"
export { keepMonths } from "./queries/trail/keepMonths.ts"
export type { TableByMonth } from "./queries/trail/months.ts"
export { endSignIns } from "./restore/applyAccounts.ts"
export { type Applied, applyChanges } from "./restore/applyChanges.ts"
export {
  type ChangesCursor,
  type FoundChanges,
  findChanges,
  type LoggedChange,
} from "./restore/findChanges.ts"
export { findOwnChanges } from "./restore/findOwnChanges.ts"
export {
  beginLog,
  findDeployment,
  findLogState,
  type LogState,
  lockChanges,
  lockLog,
  tryLockCompaction,
} from "./restore/logState.ts"
export { markLogged } from "./restore/markLogged.ts"
export { hasNewerThan, type Refused, refuseDoubtful } from "./restore/refuseDoubtful.ts"
export { settleHistory } from "./restore/settleHistory.ts"
export { DEFAULT_SCHEMA, isSchemaName, SCHEMA_NAME_RULE } from "./schemaName.ts"
