import { email, newEmail, noOutput, signedIn, user } from "@latchkey/contract/schemas"
import { z } from "zod"
import { browserSession, newBrowserSession, takeBrowserToken } from "../browserSession.ts"
import {
  callerProcedure,
  inputlessProcedure,
  publicProcedure,
  router,
  sessionOf,
  sessionProcedure,
} from "../procedures.ts"

/** `session: "cookie"` keeps the refresh token from the page: it goes into a cookie instead of the answer. */
const credentials = z.strictObject({ email, password: z.string(), session: z.literal("cookie").optional() })
const newCredentials = credentials.extend({ email: newEmail })

export const authRouter = router({
  register: publicProcedure
    .meta({
      queue: "none",
      rest: { method: "POST", path: "/auth/register", status: 201, summary: "Create an account" },
    })
    .input(newCredentials)
    .output(signedIn)
    .mutation(({ ctx, input: { session, ...input } }) => {
      const signIn = () => ctx.accounts.register(input, ctx.source())
      return session === "cookie" ? newBrowserSession(ctx, signIn) : signIn()
    }),

  login: publicProcedure
    .meta({
      queue: "none",
      rest: { method: "POST", path: "/auth/login", status: 200, summary: "Sign in" },
    })
    .input(credentials)
    .output(signedIn)
    .mutation(({ ctx, input: { session, ...input } }) => {
      const signIn = () => ctx.accounts.login(input, ctx.source())
      return session === "cookie" ? newBrowserSession(ctx, signIn) : signIn()
    }),

  refresh: publicProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/refresh",
        status: 200,
        summary: "Replace a refresh token, of the body or of the cookie, with a new pair",
      },
    })
    .input(z.strictObject({ refreshToken: z.string().optional() }).default({}))
    .output(signedIn)
    .mutation(({ ctx, input: { refreshToken } }) => {
      if (refreshToken !== undefined) return ctx.accounts.refresh({ refreshToken }, ctx.source())
      const token = takeBrowserToken(ctx)
      return browserSession(ctx, () =>
        ctx.accounts.refresh({ refreshToken: token, repeatable: true }, ctx.source()),
      )
    }),

  logout: inputlessProcedure
    .meta({
      access: "jwt",
      input: "none",
      rest: {
        method: "POST",
        path: "/auth/logout",
        status: 204,
        summary: "End this session: the access token's, or without one the cookie's",
      },
    })
    .output(noOutput)
    .mutation(async ({ ctx }) => {
      const { sessionCookie } = ctx
      // A credential that is presented counts, and a bad one is refused, whatever the cookie says.
      if (ctx.hasCredential() || !sessionCookie.isPresent())
        await ctx.accounts.logout(await sessionOf(ctx), ctx.source())
      else await ctx.accounts.logoutByRefreshToken({ refreshToken: takeBrowserToken(ctx) }, ctx.source())
      if (sessionCookie.isPresent() && sessionCookie.isOwnPage()) sessionCookie.clear()
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
    .input(z.strictObject({ currentPassword: z.string(), newPassword: z.string() }))
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.accounts.changePassword(ctx.session, input, ctx.source())),

  me: callerProcedure
    .meta({
      input: "none",
      queue: "none",
      rest: { method: "GET", path: "/auth/me", status: 200, summary: "Who is calling" },
    })
    .output(user.extend({ via: z.enum(["jwt", "apiKey"]), apiKeyId: z.string().optional() }))
    .query(({ ctx: { caller } }) => ({
      ...caller.user,
      via: caller.via,
      ...(caller.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
    })),
})
