export { credentials, me, newCredentials, passwordChange, refresh, signedIn } from "./schemas/accounts.ts"
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
  apiKeyUsage,
  createApiKey,
  createdApiKey,
  listApiKeys,
  rateLimit,
  reportLeakedApiKey,
  rotateApiKey,
  updateApiKey,
  usageOfApiKey,
  usageOfApiKeys,
} from "./schemas/apiKeys.ts"
export { auditEvent, listAudit } from "./schemas/audit.ts"
export { id, instant, noOutput } from "./schemas/fields.ts"
export { activeToken, inactiveToken, introspect, introspection } from "./schemas/introspection.ts"
export { createOwnerToken, ownerToken } from "./schemas/ownerTokens.ts"
export { pageOf } from "./schemas/paging.ts"
export { session, sessionList } from "./schemas/sessions.ts"
