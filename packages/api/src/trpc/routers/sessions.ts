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
        summary: "List the sessions of the account: this one first, then those used last",
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
        summary: "End a session of the account",
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
        summary: "End all sessions of the account but this one",
      },
    })
    .output(noOutput)
    .mutation(({ ctx }) => ctx.latchkey.auth.sessions.revokeOthers(ctx.session, ctx.latchkey.request)),
})
