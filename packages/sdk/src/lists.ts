import type {
  ApiKey,
  ApiKeyPage,
  AuditEvent,
  AuditPage,
  ListedUser,
  OwnedApiKey,
  OwnedApiKeyPage,
  UserPage,
} from "@latchkey/contract"

/** Await it for one page, or iterate over it for all users, page after page. */
export interface UserList extends Promise<UserPage>, AsyncIterable<ListedUser> {}

/** Await it for one page, or iterate over it for all keys, page after page. */
export interface OwnedApiKeyList extends Promise<OwnedApiKeyPage>, AsyncIterable<OwnedApiKey> {}

/** Await it for one page, or iterate over it for all keys, page after page. */
export interface ApiKeyList extends Promise<ApiKeyPage>, AsyncIterable<ApiKey> {}

/** Await it for one page, or iterate over it for all events, page after page. */
export interface AuditList extends Promise<AuditPage>, AsyncIterable<AuditEvent> {}
