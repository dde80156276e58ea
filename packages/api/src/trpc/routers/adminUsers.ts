import {
  id,
  listedUser,
  listUsers,
  noOutput,
  pageOf,
  subjectReference,
  userReference,
} from "@latchkey/contract/schemas"
import { adminProcedure, router } from "../procedures.ts"

export const adminUsersRouter = router({
  list: adminProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/admin/users",
        status: 200,
        summary: "List users",
        description:
          "Returns all users, newest first: own accounts, and users of other issuers that have had keys or were disabled. `search` matches the beginning of the email, or of the subject of a user without one, ignoring case, and sorts the results by it. Requires an administrator's access token.",
      },
    })
    .input(listUsers)
    .output(pageOf(listedUser))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.admin.users.list({
        ...input,
        cursor: input.cursor ?? null,
        exceptOwnAccounts: ctx.by.exceptOwnAccounts ?? false,
      }),
    ),

  disable: adminProcedure
    .meta({
      managers: "admin",
      rest: [
        {
          method: "POST",
          path: "/auth/admin/users/{user_id}/disable",
          status: 204,
          params: { user_id: "id" },
          summary: "Disable a user",
          description:
            "Ends all of a user's sessions and prevents signing in. As soon as this returns, every instance rejects the user's access tokens and API keys. Administrators can't disable themselves. Requires an administrator's access token.",
          input: id,
        },
        {
          method: "POST",
          path: "/auth/admin/users/disable",
          status: 204,
          operationId: "admin.users.disableBySubject",
          input: subjectReference,
          summary: "Disable a user by issuer and subject",
          description:
            "Like disabling by id, for a user of another issuer, who need not have been seen before. Requires an administrator's access token.",
        },
      ],
    })
    .input(userReference)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.admin.users.disable(ctx.by, input, ctx.latchkey.request)),

  enable: adminProcedure
    .meta({
      managers: "admin",
      rest: [
        {
          method: "POST",
          path: "/auth/admin/users/{user_id}/enable",
          status: 204,
          params: { user_id: "id" },
          summary: "Enable a user",
          description:
            "Lets a disabled user sign in again. The user's API keys work again; sessions do not come back. Requires an administrator's access token.",
          input: id,
        },
        {
          method: "POST",
          path: "/auth/admin/users/enable",
          status: 204,
          operationId: "admin.users.enableBySubject",
          input: subjectReference,
          summary: "Enable a user by issuer and subject",
          description:
            "Like enabling by id, for a user of another issuer. Requires an administrator's access token.",
        },
      ],
    })
    .input(userReference)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.admin.users.enable(ctx.by, input, ctx.latchkey.request)),
})
