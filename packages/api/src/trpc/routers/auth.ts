import type { SignInInput } from "@latchkey/contract"
import {
  account,
  emailVerification,
  me,
  newCredentials,
  noOutput,
  passwordChange,
  passwordReset,
  passwordResetRequest,
  refresh,
  signedIn,
  signIn,
} from "@latchkey/contract/schemas"
import type { z } from "zod"
import { clearSessionCookie, isFromOwnPage, readSessionCookie } from "../../http/sessionCookie.ts"
import { requireSessionCookie, withNewSessionCookie, withSessionCookie } from "../browserSession.ts"
import { answer, introspectionProcedure } from "../introspectionProcedure.ts"
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

/** The answer to a challenge, if the input has one. The schema has checked that it has exactly one code then. */
function answerOf({ challenge, email, totp, recoveryCode }: z.output<typeof signIn>) {
  if (challenge === undefined) return null
  if (totp !== undefined) return { challenge, email, totp }
  return { challenge, email, recoveryCode: recoveryCode ?? "" }
}

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
        reasons: ["LOGIN_FAILED", "SECOND_FACTOR_REQUIRED", "FORBIDDEN", "RATE_LIMITED"],
        summary: "Sign in",
        description: `Opens a session and returns an access token and a refresh token. ${COOKIE} An unknown email and a wrong password give the same error. With a second factor, the right password gives \`SECOND_FACTOR_REQUIRED\` with a \`challenge\`: call again with the \`challenge\` and either \`totp\` or \`recoveryCode\`; \`email\` and \`password\` may then be left out.`,
      },
    })
    .input(signIn)
    .output(signedIn)
    .mutation(({ ctx, input: { session, ...input } }) => {
      const { auth, request } = ctx.latchkey
      const answer = answerOf(input)
      // An answer to a challenge waits for no bcrypt. But anyone can make up a challenge, and detecting that takes a
      // statement.
      const signIn = () =>
        answer
          ? ctx.latchkey.runQueued(() => auth.accounts.answer(answer, request))
          : auth.accounts.login(input as SignInInput, request)
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
      endsSession: true,
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

  requestPasswordReset: publicProcedure
    .meta({
      accounts: true,
      rest: {
        method: "POST",
        path: "/auth/password/reset-request",
        status: 202,
        reasons: ["FORBIDDEN", "RATE_LIMITED"],
        summary: "Ask for a link to set a new password",
        description:
          "Sends a link to the email if an enabled account has it. The link works once, within one hour. The response is the same for any email. Returns `FORBIDDEN` if the server sends no mail.",
      },
    })
    .input(passwordResetRequest)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.passwordResets.request(input, ctx.latchkey.request)),

  resetPassword: publicProcedure
    .meta({
      accounts: true,
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/password/reset",
        status: 204,
        reasons: ["NOT_FOUND", "RATE_LIMITED"],
        summary: "Set a forgotten password",
        description:
          "Sets the password with the token of a link, and ends all sessions. A second factor stays enabled, and API keys keep working. Returns `NOT_FOUND` if the link was used or replaced, or has expired.",
      },
    })
    .input(passwordReset)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.passwordResets.reset(input, ctx.latchkey.request)),

  requestEmailVerification: sessionProcedure
    .meta({
      input: "none",
      rest: {
        method: "POST",
        path: "/auth/email/verification-request",
        status: 202,
        reasons: ["RATE_LIMITED"],
        summary: "Ask for a link to verify the email",
        description:
          "Sends a link to the user's email, unless it is already verified. The link works once, within a day. New accounts get one automatically. Returns `FORBIDDEN` if the server sends no mail.",
      },
    })
    .output(noOutput)
    .mutation(({ ctx }) => ctx.latchkey.auth.emailVerifications.request(ctx.session, ctx.latchkey.request)),

  verifyEmail: publicProcedure
    .meta({
      accounts: true,
      rest: {
        method: "POST",
        path: "/auth/email/verify",
        status: 204,
        reasons: ["NOT_FOUND", "UNAUTHENTICATED", "AMBIGUOUS_CREDENTIALS", "FORBIDDEN", "RATE_LIMITED"],
        summary: "Verify an email",
        description:
          "Marks the email of an account as verified by the token of a link. Returns `NOT_FOUND` if the link was used or replaced, or has expired. An email that makes its account an administrator is verified only with an access token of that account, and otherwise `FORBIDDEN` is returned, because the account may be a stranger's. The link stays valid then.",
      },
    })
    .input(emailVerification)
    .output(noOutput)
    .mutation(async ({ ctx, input }) => {
      const { auth, request } = ctx.latchkey
      const session = request.hasCredential ? await sessionOf(ctx) : null
      await auth.emailVerifications.verify(input, session, request)
    }),

  account: sessionProcedure
    .meta({
      input: "none",
      rest: {
        method: "GET",
        path: "/auth/account",
        status: 200,
        summary: "Get how the account is protected",
        description: "Returns whether the email is verified, and the state of the second factor.",
      },
    })
    .output(account)
    .query(({ ctx }) => ctx.latchkey.auth.describeAccount(ctx.session)),

  introspect: introspectionProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/oauth/introspect",
        oauth: true,
        status: 200,
        summary: "Ask about a credential",
        description:
          "Tells whether an API key or access token is valid now, whose it is and what it may do (RFC 7662). `active: false` means that the token is not valid, whatever the cause. A 503 does not mean that: ask again. Never store an answer longer than you are willing to accept a revoked key. The caller presents an API key with the scope `latchkey:introspect` as `X-API-Key`, as `Authorization: Bearer`, or as `Authorization: Basic` with the key's id as user name and the key as password.",
      },
    })
    .mutation(async ({ ctx: { verdict } }) => answer(await verdict)),

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
          "Returns the owner of the credential: who vouches for them (`issuer`), and their id there (`subject`). `actor` is the person who acts for the owner, if that is somebody else. `via` is the kind of credential, and `apiKeyId` the id of the API key, if one was used. `manage` is `read` for a JWT, or a user of the host, that may list keys but not change them.",
      },
    })
    .output(me)
    .query(({ ctx: { caller } }) => ({
      ...caller.owner,
      ...(caller.actor !== undefined && { actor: caller.actor }),
      scopes: [...caller.scopes],
      via: caller.via,
      ...(caller.manage === "read" && { manage: caller.manage }),
      ...(caller.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
    })),
})
