export {
  account,
  credentials,
  currentPassword,
  emailVerification,
  me,
  newCredentials,
  passwordAndCode,
  passwordChange,
  passwordReset,
  passwordResetRequest,
  recoveryCodes,
  refresh,
  resetLink,
  signedIn,
  signIn,
  totpCode,
  totpSetup,
} from "./schemas/accounts.ts"
export {
  listedUser,
  listOwnedApiKeys,
  listUsers,
  ownedApiKey,
  revokeWhere,
  revokeWhereConditions,
  revokeWherePreview,
  revokeWhereResult,
  subjectReference,
  userReference,
} from "./schemas/admin.ts"
export {
  apiKey,
  apiKeyChange,
  apiKeyUsage,
  createApiKey,
  createdApiKey,
  listApiKeys,
  rateLimit,
  reportLeakedApiKey,
  rotateApiKey,
  updateApiKey,
  usageOfAllApiKeys,
  usageOfApiKey,
  usageOfApiKeys,
} from "./schemas/apiKeys.ts"
export { auditEvent, listAudit } from "./schemas/audit.ts"
export { expiry, id, instant, noOutput } from "./schemas/fields.ts"
export { activeToken, inactiveToken, introspect, introspection } from "./schemas/introspection.ts"
export { createOwnerToken, ownerToken } from "./schemas/ownerTokens.ts"
export { pageOf } from "./schemas/paging.ts"
export { session, sessionList } from "./schemas/sessions.ts"
