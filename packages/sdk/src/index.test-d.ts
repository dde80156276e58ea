import type { AppRouter as ServerRouter } from "@latchkey/api"
import type { TRPCClientErrorLike } from "@trpc/client"
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server"
import type {
  ApiKey,
  ApiKeyPage,
  ApiKeys,
  AppRouter,
  CookieSignedIn,
  CookieSignInInput,
  CreatedApiKey,
  CreateOwnerTokenInput,
  Latchkey,
  LatchkeyOptions,
  Me,
  RevokeWherePreview,
  RevokeWhereResult,
  SignedIn,
  SignInInput,
} from "./index.ts"
import { createLatchkey, LatchkeyError, type LatchkeyReason } from "./index.ts"

// This file is only type-checked.

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Flattens interfaces and intersections to plain objects, recursively. */
type Plain<T> = T extends Date
  ? T
  : T extends (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Name in keyof T]: Plain<T[Name]> }
      : T
type Same<A, B> = Equal<Plain<A>, Plain<B>>
const assertType = <Claim extends true>(): Claim | undefined => undefined

// The SDK's `AppRouter` has the same inputs, outputs and kinds of procedure as the server's.
assertType<Same<inferRouterInputs<AppRouter>, inferRouterInputs<ServerRouter>>>()
assertType<Same<inferRouterOutputs<AppRouter>, inferRouterOutputs<ServerRouter>>>()

type Kinds<R> = { [Name in keyof R]: R[Name] extends { _def: { type: infer Kind } } ? Kind : Kinds<R[Name]> }
assertType<Same<Kinds<AppRouter["_def"]["record"]>, Kinds<ServerRouter["_def"]["record"]>>>()

// Their errors agree too.
type Failure<R extends { _def: { _config: { $types: { errorShape: unknown } } } }> =
  R["_def"]["_config"]["$types"]["errorShape"]
type DataOf<Shape> = Shape extends { data: infer Data } ? Data : never
assertType<Failure<ServerRouter> extends Failure<AppRouter> ? true : false>()
assertType<Equal<DataOf<Failure<AppRouter>>["reason"], DataOf<Failure<ServerRouter>>["reason"]>>()
assertType<Equal<keyof DataOf<Failure<AppRouter>>, keyof DataOf<Failure<ServerRouter>>>>()

// The client has exactly one method for each procedure. Only backends, which act for their users, make owner tokens.
assertType<
  Equal<
    Exclude<keyof Latchkey, "verify" | "as">,
    Exclude<keyof inferRouterOutputs<ServerRouter>, "ownerTokens">
  >
>()
type ForOwner = ReturnType<Latchkey["as"]>
assertType<Equal<keyof ForOwner["ownerTokens"], keyof inferRouterOutputs<ServerRouter>["ownerTokens"]>>()
// But for introspection, which `verify` calls.
type NotOwn = "introspect"
assertType<Equal<keyof Latchkey["auth"], Exclude<keyof inferRouterOutputs<ServerRouter>["auth"], NotOwn>>>()
assertType<Equal<keyof Latchkey["sessions"], keyof inferRouterOutputs<ServerRouter>["sessions"]>>()
assertType<Equal<keyof Latchkey["audit"], keyof inferRouterOutputs<ServerRouter>["audit"]>>()
assertType<Equal<keyof Latchkey["apiKeys"], keyof inferRouterOutputs<ServerRouter>["apiKeys"]>>()
assertType<Equal<keyof Latchkey["admin"], keyof inferRouterOutputs<ServerRouter>["admin"]>>()
type Resolved<Method> = Method extends (...args: never[]) => PromiseLike<infer Value> ? Value : never
type Resolves<Methods> = { [Name in keyof Methods]: Resolved<Methods[Name]> }
type SigningIn = "register" | "login" | "refresh"
type ServerOutputs = inferRouterOutputs<ServerRouter>
assertType<
  Same<Resolves<Omit<Latchkey["auth"], SigningIn>>, Omit<ServerOutputs["auth"], SigningIn | NotOwn>>
>()
assertType<Same<Resolves<Latchkey["apiKeys"]>, ServerOutputs["apiKeys"]>>()
assertType<Equal<ForOwner["apiKeys"], ApiKeys>>()
assertType<Equal<Exclude<keyof Latchkey["apiKeys"], keyof ApiKeys>, "reportLeaked">>()
assertType<Same<Resolves<ForOwner["ownerTokens"]>, ServerOutputs["ownerTokens"]>>()
assertType<Same<Resolves<Latchkey["sessions"]>, ServerOutputs["sessions"]>>()
assertType<Same<Resolves<Latchkey["admin"]["users"]>, ServerOutputs["admin"]["users"]>>()
type ServersAdminApiKeys = ServerOutputs["admin"]["apiKeys"]
assertType<
  Same<Resolves<Omit<Latchkey["admin"]["apiKeys"], "revokeWhere">>, Omit<ServersAdminApiKeys, "revokeWhere">>
>()
assertType<Same<RevokeWherePreview | RevokeWhereResult, ServersAdminApiKeys["revokeWhere"]>>()
assertType<Same<Resolves<Latchkey["audit"]>, ServerOutputs["audit"]>>()
type Input<Method> = Method extends (input: infer First, ...rest: never[]) => unknown ? First : never
type ServerInputs = inferRouterInputs<ServerRouter>
// The inputs and outputs with and without the cookie are assignable to the server's.
assertType<
  SignInInput | CookieSignInInput extends ServerInputs["auth"]["register" | "login"] ? true : false
>()
assertType<SignedIn | CookieSignedIn extends ServerOutputs["auth"][SigningIn] ? true : false>()
assertType<Same<Resolved<Latchkey["auth"][SigningIn]>, SignedIn>>()
assertType<Same<Input<Latchkey["auth"]["changePassword"]>, ServerInputs["auth"]["changePassword"]>>()
assertType<Same<Omit<Input<Latchkey["apiKeys"]["create"]>, "expiresIn">, ServerInputs["apiKeys"]["create"]>>()
assertType<Same<CreateOwnerTokenInput, Exclude<ServerInputs["ownerTokens"]["create"], void>>>()

// Only `create` returns a key.
assertType<Equal<CreatedApiKey["key"], string>>()
assertType<Equal<Extract<keyof ApiKey | keyof ApiKeyPage["items"][number], "key">, never>>()
assertType<Equal<Extract<keyof Me | keyof SignedIn, "key">, never>>()

/** A switch over all reasons is exhaustive, so this function needs no default. */
export function explain(error: LatchkeyError): string {
  switch (error.reason) {
    case "INVALID_INPUT":
    case "AMBIGUOUS_CREDENTIALS":
    case "UNAUTHENTICATED":
    case "LOGIN_FAILED":
    case "SECOND_FACTOR_REQUIRED":
    case "SECOND_FACTOR_EXISTS":
    case "FORBIDDEN":
    case "INSUFFICIENT_SCOPE":
    case "NOT_FOUND":
    case "METHOD_NOT_ALLOWED":
    case "EMAIL_TAKEN":
    case "KEY_LIMIT_REACHED":
    case "ALREADY_REPLACED":
    case "TOO_LARGE":
    case "UNSUPPORTED_MEDIA_TYPE":
    case "RATE_LIMITED":
    case "INTERNAL":
    case "UNAVAILABLE":
    case "NETWORK":
    case "TIMEOUT":
      return error.message
  }
}

/** With a reason missing, it is not exhaustive. */
export function explainIncompletely(
  reason: Exclude<LatchkeyReason, "TIMEOUT"> | LatchkeyReason,
): never | string {
  if (reason !== "TIMEOUT") return reason
  // @ts-expect-error TIMEOUT is not handled
  const nothing: never = reason
  return nothing
}

/** tRPC's own client has the same reasons. */
export function reasonOf(error: TRPCClientErrorLike<AppRouter>): LatchkeyReason | undefined {
  return error.data?.reason
}

// Options have at most one credential. It may come from an unset variable, and `SignedIn` is a session.
const baseUrl = "https://keys.company.tld"
declare const signedIn: SignedIn
export const validOptions: LatchkeyOptions[] = [
  { baseUrl },
  { baseUrl, apiKey: process.env.LATCHKEY_API_KEY },
  { baseUrl, accessToken: async () => "a" },
  { baseUrl, session: signedIn },
  { baseUrl, session: { refreshToken: "r", onRefresh: async ({ refreshToken }) => void refreshToken } },
]
// @ts-expect-error two credentials
createLatchkey({ baseUrl, apiKey: "a", accessToken: "b" })
// @ts-expect-error two credentials
createLatchkey({ baseUrl, apiKey: "a", session: signedIn })
// @ts-expect-error no baseUrl
createLatchkey({ apiKey: "a" })
// @ts-expect-error no such reason
new LatchkeyError("", { reason: "SOMETHING" })
