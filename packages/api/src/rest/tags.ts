import type { RestOperation } from "./restOperations.ts"

/** The chapters of the reference, in their order. */
export const TAGS = [
  { name: "API keys", description: "A user's own keys: create, list, change, replace and revoke them." },
  {
    name: "Verification",
    description: "Ask whether a credential that a client sent you is valid, and whose it is.",
  },
  { name: "Accounts", description: "Latchkey's own accounts, with email and password." },
  { name: "Sessions", description: "Where a user is signed in." },
  { name: "Audit trail", description: "What has happened in a user's account." },
  { name: "Owner tokens", description: "Let the browser of your user manage that user's keys." },
  {
    name: "Administration",
    description: "Users and keys of all issuers that the server serves. For administrators.",
  },
] as const

type Tag = (typeof TAGS)[number]["name"]

/** By the beginning of the operation's id; the first match counts. */
const TAG_OF: readonly (readonly [start: string, tag: Tag])[] = [
  ["auth.introspect", "Verification"],
  ["auth.verify", "Verification"],
  ["auth.me", "Verification"],
  ["apiKeys.", "API keys"],
  ["sessions.", "Sessions"],
  ["audit.", "Audit trail"],
  ["ownerTokens.", "Owner tokens"],
  ["admin.", "Administration"],
]

/** The chapter of an operation. Operations that match none belong to accounts, as all of `auth` does. */
export const tagOf = ({ operationId }: Pick<RestOperation, "operationId">): Tag =>
  TAG_OF.find(([start]) => operationId.startsWith(start))?.[1] ?? "Accounts"
