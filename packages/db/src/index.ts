export { createDatabase, type Database, type DatabaseHandle } from "./createDatabase.ts"
export { createLimiter, type Limiter, type LimiterOptions, type Usage } from "./createLimiter.ts"
export type { SlotUsage } from "./createSlots.ts"
export { DatabaseUnavailable } from "./databaseUnavailable.ts"
export { DataFolderInUse } from "./lockFolder.ts"
export {
  type ActiveApiKey,
  createApiKey,
  findActiveApiKeys,
  type ListedApiKey,
  listApiKeys,
  recordReceipt,
  revokeApiKey,
  touchApiKeys,
} from "./queries/apiKeys.ts"
export { ping } from "./queries/ping.ts"
export { removeExpiredLimits } from "./queries/rateLimits.ts"
export {
  createSession,
  endSession,
  endSessionOfFamily,
  findLiveSessions,
  type ListedSession,
  type LiveSession,
  listSessions,
  type NewSession,
  revokeOtherSessions,
  revokeSession,
  rotateSession,
} from "./queries/sessions.ts"
export type { User } from "./queries/userColumns.ts"
export {
  changePassword,
  createUser,
  findPasswordHash,
  findUserByEmail,
  replacePasswordHash,
} from "./queries/users.ts"
