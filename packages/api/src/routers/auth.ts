import { z } from "zod"
import { email, noOutput, signedIn, user } from "../schemas.ts"
import { callerProcedure, publicProcedure, router, sessionProcedure } from "../trpc.ts"

export const authRouter = router({
  register: publicProcedure
    .meta({ rest: { method: "POST", path: "/auth/register", status: 201, summary: "Create an account" } })
    .input(z.strictObject({ email, password: z.string() }))
    .output(signedIn)
    .mutation(({ ctx, input }) => ctx.accounts.register(input)),

  login: publicProcedure
    .meta({ rest: { method: "POST", path: "/auth/login", status: 200, summary: "Sign in" } })
    .input(z.strictObject({ email, password: z.string() }))
    .output(signedIn)
    .mutation(({ ctx, input }) => ctx.accounts.login(input)),

  refresh: publicProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/refresh",
        status: 200,
        summary: "Replace a refresh token with a new pair",
      },
    })
    .input(z.strictObject({ refreshToken: z.string() }))
    .output(signedIn)
    .mutation(({ ctx, input }) => ctx.accounts.refresh(input)),

  logout: sessionProcedure
    .meta({
      input: "none",
      rest: { method: "POST", path: "/auth/logout", status: 204, summary: "End this session" },
    })
    .output(noOutput)
    .mutation(({ ctx }) => ctx.accounts.logout(ctx.session)),

  changePassword: sessionProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/password",
        status: 204,
        summary: "Change the password and end all other sessions",
      },
    })
    .input(z.strictObject({ currentPassword: z.string(), newPassword: z.string() }))
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.accounts.changePassword(ctx.session, input)),

  me: callerProcedure
    .meta({
      input: "none",
      rest: { method: "GET", path: "/auth/me", status: 200, summary: "Who is calling" },
    })
    .output(user.extend({ via: z.enum(["jwt", "apiKey"]), apiKeyId: z.string().optional() }))
    .query(({ ctx: { caller } }) => ({
      ...caller.user,
      via: caller.via,
      ...(caller.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
    })),
})
