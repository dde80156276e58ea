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

/** Await it for one page, or iterate over all users with `for await`. */
export interface UserList extends Promise<UserPage>, AsyncIterable<ListedUser> {}

/** Await it for one page, or iterate over all keys with `for await`. */
export interface OwnedApiKeyList extends Promise<OwnedApiKeyPage>, AsyncIterable<OwnedApiKey> {}

/** Await it for one page, or iterate over all keys with `for await`. */
export interface ApiKeyList extends Promise<ApiKeyPage>, AsyncIterable<ApiKey> {}

/** Await it for one page, or iterate over all events with `for await`. */
export interface AuditList extends Promise<AuditPage>, AsyncIterable<AuditEvent> {}
