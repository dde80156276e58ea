import { id, noOutput, sessionList } from "@latchkey/contract/schemas"
import { router, sessionProcedure } from "../procedures.ts"

export const sessionsRouter = router({
  list: sessionProcedure
    .meta({
      input: "none",
      rest: {
        method: "GET",
        path: "/auth/sessions",
        status: 200,
        summary: "List sessions",
        description:
          "Returns up to 100 active sessions of the user: the current session first, then the others, most recently used first.",
      },
    })
    .output(sessionList)
    .query(async ({ ctx }) => ({ items: await ctx.latchkey.auth.sessions.list(ctx.session) })),

  revoke: sessionProcedure
    .meta({
      rest: {
        method: "DELETE",
        path: "/auth/sessions/{session_id}",
        status: 204,
        params: { session_id: "id" },
        summary: "End a session",
        description: "Ends one of the user's sessions. All tokens of the session stop working immediately.",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.sessions.revoke(ctx.session, input, ctx.latchkey.request),
    ),

  revokeOthers: sessionProcedure
    .meta({
      input: "none",
      rest: {
        method: "DELETE",
        path: "/auth/sessions",
        status: 204,
        summary: "End all other sessions",
        description:
          "Ends all of the user's sessions except the current one. All tokens of those sessions stop working immediately.",
      },
    })
    .output(noOutput)
    .mutation(({ ctx }) => ctx.latchkey.auth.sessions.revokeOthers(ctx.session, ctx.latchkey.request)),
})
