import type { AppRouter as ServerRouter } from "@latchkey/api"
import type { TRPCClientErrorLike } from "@trpc/client"
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server"
import type {
  ApiKey,
  ApiKeyPage,
  AppRouter,
  CookieSignedIn,
  CookieSignInInput,
  CreatedApiKey,
  Latchkey,
  LatchkeyOptions,
  Me,
  SignedIn,
  SignInInput,
} from "./index.ts"
import { createLatchkey, LatchkeyError, type LatchkeyReason } from "./index.ts"

// This file only has to compile.

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Interfaces and intersections as the plain objects they amount to, all the way down. */
type Plain<T> = T extends Date
  ? T
  : T extends (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Name in keyof T]: Plain<T[Name]> }
      : T
type Same<A, B> = Equal<Plain<A>, Plain<B>>
const holds = <Claim extends true>(): Claim | undefined => undefined

// What the SDK says the router takes and gives is what the router takes and gives.
holds<Same<inferRouterInputs<AppRouter>, inferRouterInputs<ServerRouter>>>()
holds<Same<inferRouterOutputs<AppRouter>, inferRouterOutputs<ServerRouter>>>()

type Kinds<R> = { [Name in keyof R]: R[Name] extends { _def: { type: infer Kind } } ? Kind : Kinds<R[Name]> }
holds<Same<Kinds<AppRouter["_def"]["record"]>, Kinds<ServerRouter["_def"]["record"]>>>()

// And so are its errors.
type Failure<R extends { _def: { _config: { $types: { errorShape: unknown } } } }> =
  R["_def"]["_config"]["$types"]["errorShape"]
type DataOf<Shape> = Shape extends { data: infer Data } ? Data : never
holds<Failure<ServerRouter> extends Failure<AppRouter> ? true : false>()
holds<Equal<DataOf<Failure<AppRouter>>["reason"], DataOf<Failure<ServerRouter>>["reason"]>>()
holds<Equal<keyof DataOf<Failure<AppRouter>>, keyof DataOf<Failure<ServerRouter>>>>()

// The client mirrors the router: every procedure is a method, and there is no other.
holds<Equal<keyof Latchkey, keyof inferRouterOutputs<ServerRouter>>>()
holds<Equal<keyof Latchkey["auth"], keyof inferRouterOutputs<ServerRouter>["auth"]>>()
holds<Equal<keyof Latchkey["sessions"], keyof inferRouterOutputs<ServerRouter>["sessions"]>>()
holds<Equal<keyof Latchkey["audit"], keyof inferRouterOutputs<ServerRouter>["audit"]>>()
holds<Equal<keyof Latchkey["apiKeys"], keyof inferRouterOutputs<ServerRouter>["apiKeys"]>>()
holds<Equal<keyof Latchkey["admin"], keyof inferRouterOutputs<ServerRouter>["admin"]>>()
type Resolved<Method> = Method extends (...args: never[]) => PromiseLike<infer Value> ? Value : never
type Resolves<Methods> = { [Name in keyof Methods]: Resolved<Methods[Name]> }
type SigningIn = "register" | "login" | "refresh"
type ServerOutputs = inferRouterOutputs<ServerRouter>
holds<Same<Resolves<Omit<Latchkey["auth"], SigningIn>>, Omit<ServerOutputs["auth"], SigningIn>>>()
holds<Same<Resolves<Latchkey["apiKeys"]>, ServerOutputs["apiKeys"]>>()
holds<Same<Resolves<Latchkey["sessions"]>, ServerOutputs["sessions"]>>()
holds<Same<Resolves<Latchkey["admin"]["users"]>, ServerOutputs["admin"]["users"]>>()
holds<Same<Resolves<Latchkey["admin"]["apiKeys"]>, ServerOutputs["admin"]["apiKeys"]>>()
holds<Same<Resolves<Latchkey["audit"]>, ServerOutputs["audit"]>>()
type Input<Method> = Method extends (input: infer First, ...rest: never[]) => unknown ? First : never
type ServerInputs = inferRouterInputs<ServerRouter>
// With and without the cookie, what goes in and comes out is among what the server takes and gives.
holds<SignInInput | CookieSignInInput extends ServerInputs["auth"]["register" | "login"] ? true : false>()
holds<SignedIn | CookieSignedIn extends ServerOutputs["auth"][SigningIn] ? true : false>()
holds<Same<Resolved<Latchkey["auth"][SigningIn]>, SignedIn>>()
holds<Same<Input<Latchkey["auth"]["changePassword"]>, ServerInputs["auth"]["changePassword"]>>()
holds<Same<Input<Latchkey["apiKeys"]["create"]>, ServerInputs["apiKeys"]["create"]>>()

// Only `create` shows a key.
holds<Equal<CreatedApiKey["key"], string>>()
holds<Equal<Extract<keyof ApiKey | keyof ApiKeyPage["items"][number], "key">, never>>()
holds<Equal<Extract<keyof Me | keyof SignedIn, "key">, never>>()

/** A switch over the reasons is exhaustive: without one of them this would not compile. */
export function explain(error: LatchkeyError): string {
  switch (error.reason) {
    case "INVALID_INPUT":
    case "AMBIGUOUS_CREDENTIALS":
    case "UNAUTHENTICATED":
    case "LOGIN_FAILED":
    case "FORBIDDEN":
    case "NOT_FOUND":
    case "METHOD_NOT_ALLOWED":
    case "EMAIL_TAKEN":
    case "KEY_LIMIT_REACHED":
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

/** One missing, and there is something left. */
export function explainTooLittle(
  reason: Exclude<LatchkeyReason, "TIMEOUT"> | LatchkeyReason,
): never | string {
  if (reason !== "TIMEOUT") return reason
  // @ts-expect-error TIMEOUT is left
  const nothing: never = reason
  return nothing
}

/** Those who use tRPC's own client see the same reasons. */
export function reasonOf(error: TRPCClientErrorLike<AppRouter>): LatchkeyReason | undefined {
  return error.data?.reason
}

// Options: at most one credential, which an unset variable may be, and a sign-in is a session.
const baseUrl = "https://keys.company.tld"
declare const signedIn: SignedIn
export const fine: LatchkeyOptions[] = [
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
// @ts-expect-error a reason that there is not
new LatchkeyError("", { reason: "SOMETHING" })
