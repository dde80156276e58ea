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
import {
  callerProcedure,
  inputlessProcedure,
  publicProcedure,
  router,
  sessionOf,
  sessionProcedure,
} from "../procedures.ts"

export const authRouter = router({
  register: publicProcedure
    .meta({
      queue: "none",
      rest: { method: "POST", path: "/auth/register", status: 201, summary: "Create an account" },
    })
    .input(newCredentials)
    .output(signedIn)
    .mutation(({ ctx, input: { session, ...input } }) => {
      const signIn = () => ctx.latchkey.auth.accounts.register(input, ctx.latchkey.request)
      return session === "cookie" ? withNewSessionCookie(ctx.latchkey, signIn) : signIn()
    }),

  login: publicProcedure
    .meta({
      queue: "none",
      rest: { method: "POST", path: "/auth/login", status: 200, summary: "Sign in" },
    })
    .input(credentials)
    .output(signedIn)
    .mutation(({ ctx, input: { session, ...input } }) => {
      const signIn = () => ctx.latchkey.auth.accounts.login(input, ctx.latchkey.request)
      return session === "cookie" ? withNewSessionCookie(ctx.latchkey, signIn) : signIn()
    }),

  refresh: publicProcedure
    .meta({
      queue: "own",
      rest: {
        method: "POST",
        path: "/auth/refresh",
        status: 200,
        summary: "Replace a refresh token, of the body or of the cookie, with a new pair",
      },
    })
    .input(refresh)
    .output(signedIn)
    .mutation(({ ctx: { latchkey }, input }) => {
      const refresh = (refreshToken: string, repeatable: boolean) =>
        latchkey.runInTurnOfHolder(refreshToken, () =>
          latchkey.auth.accounts.refresh({ refreshToken, repeatable }, latchkey.request),
        )
      if (input.refreshToken !== undefined) return refresh(input.refreshToken, false)
      const token = requireSessionCookie(latchkey.request)
      return withSessionCookie(latchkey, () => refresh(token, true))
    }),

  logout: inputlessProcedure
    .meta({
      access: "jwt",
      input: "none",
      queue: "own",
      rest: {
        method: "POST",
        path: "/auth/logout",
        status: 204,
        summary: "End this session: the access token's, or without one the cookie's",
      },
    })
    .output(noOutput)
    .mutation(async ({ ctx }) => {
      const { auth, request } = ctx.latchkey
      const hasCookie = readSessionCookie(request) !== undefined
      // A credential in the headers takes precedence over the cookie, and an invalid one is rejected.
      if (request.hasCredential || !hasCookie) {
        const session = await sessionOf(ctx)
        await ctx.latchkey.runInTurn(() => auth.accounts.logout(session, request))
      } else {
        const refreshToken = requireSessionCookie(request)
        await ctx.latchkey.runInTurnOfHolder(refreshToken, () =>
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
        summary: "Change the password and end all other sessions",
      },
    })
    .input(passwordChange)
    .output(noOutput)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.accounts.changePassword(ctx.session, input, ctx.latchkey.request),
    ),

  me: callerProcedure
    .meta({
      input: "none",
      queue: "none",
      rest: { method: "GET", path: "/auth/me", status: 200, summary: "Who is calling" },
    })
    .output(me)
    .query(({ ctx: { caller } }) => ({
      ...caller.user,
      via: caller.via,
      ...(caller.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
    })),
})
