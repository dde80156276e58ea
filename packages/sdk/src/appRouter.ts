import type {
  Account,
  ApiKey,
  ApiKeyPage,
  ApiKeyUsage,
  ApiKeyUsageInput,
  AuditPage,
  CreateApiKeyInput,
  CreatedApiKey,
  CreateOwnerTokenInput,
  CurrentPassword,
  IntrospectInput,
  Introspection,
  ListApiKeysInput,
  ListAuditInput,
  ListOwnedApiKeysInput,
  ListUsersInput,
  Me,
  OwnedApiKeyPage,
  OwnerToken,
  PasswordChange,
  PasswordReset,
  RecoveryCodes,
  ResetLink,
  RevokeWhereConditions,
  RevokeWherePreview,
  RevokeWhereResult,
  RotateApiKeyInput,
  SessionList,
  SignedIn,
  SignInInput,
  TotpSetup,
  UpdateApiKeyInput,
  UsageOfApiKeys,
  UsageOfApiKeysInput,
  UserPage,
  UserReference,
} from "@latchkey/contract"
import type { TRPCBuiltRouter, TRPCMutationProcedure, TRPCQueryProcedure } from "@trpc/server"
import type { LatchkeyFailure } from "./latchkeyError.ts"

type Query<Input, Output> = TRPCQueryProcedure<{ input: Input; output: Output; meta: object }>
type Mutation<Input, Output> = TRPCMutationProcedure<{ input: Input; output: Output; meta: object }>

/** With either of the two. */
type Previewable = {
  where: RevokeWhereConditions
  preview?: true | undefined
  confirm?: string | undefined
}
type SignInOrCookie = SignInInput & { session?: "cookie" | undefined }
type Code = { totp?: string | undefined; recoveryCode?: string | undefined }
type SignInOrAnswer = Code & {
  email?: string | undefined
  password?: string | undefined
  session?: "cookie" | undefined
  challenge?: string | undefined
}
type SignedInOrCookie = Omit<SignedIn, "refreshToken"> & { refreshToken?: string | undefined }

// A type, because an interface is not assignable to tRPC's record of procedures, which has an index signature.
type Procedures = {
  auth: {
    register: Mutation<SignInOrCookie, SignedInOrCookie>
    login: Mutation<SignInOrAnswer, SignedInOrCookie>
    refresh: Mutation<{ refreshToken?: string | undefined } | undefined, SignedInOrCookie>
    // biome-ignore-start lint/suspicious/noConfusingVoidType: tRPC's type for no input and no output
    logout: Mutation<void, void>
    changePassword: Mutation<PasswordChange, void>
    requestPasswordReset: Mutation<{ email: string }, void>
    resetPassword: Mutation<PasswordReset, void>
    requestEmailVerification: Mutation<void, void>
    verifyEmail: Mutation<{ token: string }, void>
    account: Query<void, Account>
    me: Query<void, Me>
    introspect: Mutation<IntrospectInput, Introspection>
  }
  apiKeys: {
    create: Mutation<CreateApiKeyInput, CreatedApiKey>
    list: Query<ListApiKeysInput | undefined, ApiKeyPage>
    get: Query<{ id: string }, ApiKey>
    update: Mutation<UpdateApiKeyInput, ApiKey>
    rotate: Mutation<RotateApiKeyInput, CreatedApiKey>
    usage: Query<ApiKeyUsageInput, ApiKeyUsage>
    usageOfAll: Query<UsageOfApiKeysInput | undefined, UsageOfApiKeys>
    revoke: Mutation<{ id: string }, void>
    reportLeaked: Mutation<{ key: string }, void>
  }
  ownerTokens: {
    create: Mutation<CreateOwnerTokenInput | undefined, OwnerToken>
  }
  sessions: {
    list: Query<void, SessionList>
    revoke: Mutation<{ id: string }, void>
    revokeOthers: Mutation<void, void>
  }
  secondFactor: {
    setUp: Mutation<CurrentPassword, TotpSetup>
    confirm: Mutation<{ totp: string }, RecoveryCodes>
    renewRecoveryCodes: Mutation<CurrentPassword & Code, RecoveryCodes>
    remove: Mutation<CurrentPassword & Code, void>
  }
  admin: {
    users: {
      list: Query<ListUsersInput | undefined, UserPage>
      disable: Mutation<UserReference, void>
      enable: Mutation<UserReference, void>
      erase: Mutation<UserReference, void>
      resetSecondFactor: Mutation<{ id: string }, void>
      createResetLink: Mutation<{ id: string }, ResetLink>
    }
    apiKeys: {
      list: Query<ListOwnedApiKeysInput | undefined, OwnedApiKeyPage>
      revoke: Mutation<{ id: string }, void>
      revokeWhere: Mutation<Previewable, RevokeWherePreview | RevokeWhereResult>
    }
    // biome-ignore-end lint/suspicious/noConfusingVoidType: as above
  }
  audit: {
    list: Query<ListAuditInput | undefined, AuditPage>
  }
}

/**
 * The type of Latchkey's router, for tRPC's own clients: `createTRPCClient<AppRouter>` from `@trpc/client`,
 * `createTRPCOptionsProxy<AppRouter>` from `@trpc/tanstack-react-query`. Links need superjson as their `transformer`;
 * a batch holds at most 20 calls.
 */
export type AppRouter = TRPCBuiltRouter<
  { ctx: object; meta: object; errorShape: LatchkeyFailure; transformer: true },
  Procedures
>
