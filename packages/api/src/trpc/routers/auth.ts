import {
  credentials,
  me,
  newCredentials,
  noOutput,
  passwordChange,
  refresh,
  signedIn,
} from "@latchkey/contract/schemas"
import { clearSessionCookie, isFromOwnPage, readSessionCookie } from "../../http/sessionCookie.ts"
import { requireSessionCookie, withNewSessionCookie, withSessionCookie } from "../browserSession.ts"
import { introspectionProcedure, toIntrospection } from "../introspectionProcedure.ts"
import {
  callerProcedure,
  inputlessProcedure,
  publicProcedure,
  router,
  sessionOf,
  sessionProcedure,
} from "../procedures.ts"

const COOKIE =
  'With `session: "cookie"`, the refresh token is set as an `HttpOnly` cookie instead; only pages of Latchkey\'s own origin can use this.'

export const authRouter = router({
  register: publicProcedure
    .meta({
      accounts: true,
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/register",
        status: 201,
        reasons: ["FORBIDDEN", "EMAIL_TAKEN", "RATE_LIMITED"],
        summary: "Create an account",
        description: `Creates an account, signs in, and returns an access token and a refresh token. ${COOKIE} Returns \`FORBIDDEN\` if registration is closed.`,
      },
    })
    .input(newCredentials)
    .output(signedIn)
    .mutation(({ ctx, input: { session, ...input } }) => {
      const signIn = () => ctx.latchkey.auth.accounts.register(input, ctx.latchkey.request)
      return session === "cookie" ? withNewSessionCookie(ctx.latchkey, signIn) : signIn()
    }),

  login: publicProcedure
    .meta({
      accounts: true,
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/login",
        status: 200,
        reasons: ["LOGIN_FAILED", "FORBIDDEN", "RATE_LIMITED"],
        summary: "Sign in",
        description: `Opens a session and returns an access token and a refresh token. ${COOKIE} An unknown email and a wrong password give the same error.`,
      },
    })
    .input(credentials)
    .output(signedIn)
    .mutation(({ ctx, input: { session, ...input } }) => {
      const signIn = () => ctx.latchkey.auth.accounts.login(input, ctx.latchkey.request)
      return session === "cookie" ? withNewSessionCookie(ctx.latchkey, signIn) : signIn()
    }),

  refresh: publicProcedure
    .meta({
      accounts: true,
      queue: "own",
      rest: {
        method: "POST",
        path: "/auth/refresh",
        status: 200,
        reasons: ["UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED"],
        summary: "Refresh a session",
        description:
          "Exchanges a refresh token for a new access token and a new refresh token. Omit `refreshToken` to use the session cookie. A refresh token is valid once: presenting it again ends the session, because it may have been stolen.",
      },
    })
    .input(refresh)
    .output(signedIn)
    .mutation(({ ctx: { latchkey }, input }) => {
      const refresh = (refreshToken: string, repeatable: boolean) =>
        latchkey.runQueuedAsHolder(refreshToken, () =>
          latchkey.auth.accounts.refresh({ refreshToken, repeatable }, latchkey.request),
        )
      if (input.refreshToken !== undefined) return refresh(input.refreshToken, false)
      const token = requireSessionCookie(latchkey.request)
      return withSessionCookie(latchkey, () => refresh(token, true))
    }),

  logout: inputlessProcedure
    .meta({
      accounts: true,
      access: "jwt",
      input: "none",
      queue: "own",
      rest: {
        method: "POST",
        path: "/auth/logout",
        status: 204,
        reasons: ["RATE_LIMITED"],
        summary: "Sign out",
        description:
          "Ends the session of the access token, or without an access token the session of the cookie. All tokens of the session stop working immediately.",
      },
    })
    .output(noOutput)
    .mutation(async ({ ctx }) => {
      const { auth, request } = ctx.latchkey
      const hasCookie = readSessionCookie(request) !== undefined
      // A credential in the headers takes precedence over the cookie, and an invalid one is rejected.
      if (request.hasCredential || !hasCookie) {
        const session = await sessionOf(ctx)
        await ctx.latchkey.runQueued(() => auth.accounts.logout(session, request))
      } else {
        const refreshToken = requireSessionCookie(request)
        await ctx.latchkey.runQueuedAsHolder(refreshToken, () =>
          auth.accounts.logoutByRefreshToken({ refreshToken }, request),
        )
      }
      if (hasCookie && isFromOwnPage(request)) clearSessionCookie(request)
    }),

  changePassword: sessionProcedure
    .meta({
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/password",
        status: 204,
        reasons: ["LOGIN_FAILED", "RATE_LIMITED"],
        summary: "Change the password",
        description:
          "Changes the user's password and ends all other sessions. API keys keep working. Returns `LOGIN_FAILED` if the current password is wrong.",
      },
    })
    .input(passwordChange)
    .output(noOutput)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.accounts.changePassword(ctx.session, input, ctx.latchkey.request),
    ),

  introspect: introspectionProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/oauth/introspect",
        oauth: true,
        status: 200,
        summary: "Ask about a credential",
        description:
          "Tells whether an API key or access token is valid now, whose it is and what it may do (RFC 7662). `active: false` stands for every token that is not valid, and a 503 for none of them: ask again. Never store an answer longer than you are willing to accept a revoked key. The caller presents an API key with the scope `latchkey:introspect` as `X-API-Key`, as `Authorization: Bearer`, or as `Authorization: Basic` with the key's id as user name and the key as password.",
      },
    })
    .mutation(async ({ ctx: { verdict } }) => toIntrospection((await verdict)?.caller ?? null)),

  me: callerProcedure
    .meta({
      ownerTokens: true,
      input: "none",
      queue: "none",
      rest: {
        method: "GET",
        path: "/auth/me",
        status: 200,
        summary: "Get the caller",
        description:
          "Returns the owner of the credential: who vouches for them (`issuer`), and their id there (`subject`). `actor` is the person who acts for the owner, if that is somebody else. `via` is the kind of credential, and `apiKeyId` the id of the API key, if one was used.",
      },
    })
    .output(me)
    .query(({ ctx: { caller } }) => ({
      ...caller.owner,
      ...(caller.actor !== undefined && { actor: caller.actor }),
      scopes: [...caller.scopes],
      via: caller.via,
      ...(caller.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
    })),
})
