import { id, listedUser, listUsers, noOutput, pageOf } from "@latchkey/contract/schemas"
import { adminProcedure, router } from "../procedures.ts"

export const adminUsersRouter = router({
  list: adminProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/admin/users",
        status: 200,
        summary: "List all users, newest first; those whose email begins with a search, by their emails",
      },
    })
    .input(listUsers)
    .output(pageOf(listedUser))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.admin.users.list({ ...input, cursor: input.cursor ?? null }),
    ),

  disable: adminProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/admin/users/{user_id}/disable",
        status: 204,
        params: { user_id: "id" },
        summary: "Disable a user at once: end all sessions, accept no key",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.admin.users.disable(ctx.by, input, ctx.latchkey.request)),

  enable: adminProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/admin/users/{user_id}/enable",
        status: 204,
        params: { user_id: "id" },
        summary: "Enable a user again: the keys work, and signing in",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.admin.users.enable(ctx.by, input, ctx.latchkey.request)),
})
