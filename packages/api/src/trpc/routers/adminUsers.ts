import {
  id,
  listedUser,
  listUsers,
  noOutput,
  pageOf,
  resetLink,
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
          "Returns all users, newest first: Latchkey's own accounts, and users of other issuers that the server serves, if they have had keys or were disabled. Erased users are left out. `search` matches any part of the email, or of the subject of a user without one, ignoring case, and sorts the results by it. Requires an administrator's access token.",
      },
    })
    .input(listUsers)
    .output(pageOf(listedUser))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.admin.users.list({
        ...input,
        cursor: input.cursor ?? null,
        issuers: ctx.by.issuers,
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
            "Like disabling by id, for a user of another issuer, even if Latchkey has not seen the user before. Requires an administrator's access token.",
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
            "Lets a disabled user sign in again. The user's API keys work again; sessions do not come back. An erased user can't be enabled. Requires an administrator's access token.",
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

  // May run for seconds, in many statements, and must hold no place meanwhile.
  erase: adminProcedure
    .meta({
      managers: "admin",
      queue: "none",
      rest: [
        {
          method: "DELETE",
          path: "/auth/admin/users/{user_id}",
          status: 204,
          params: { user_id: "id" },
          summary: "Erase a user",
          description:
            "Ends all of a user's sessions and API keys, and removes the user's personal data, for good. As soon as this returns, every instance rejects everything that was issued to the user before. An account's email can be registered again, by anybody. If it returns `UNAVAILABLE` with `begun: true`, parts of the user's audit trail may still contain personal data: send the same request again. Erasing an erased user changes nothing. Administrators can't erase themselves, nor accounts whose emails the server's configuration names as administrators'. Requires an administrator's access token.",
          input: id,
        },
        {
          method: "POST",
          path: "/auth/admin/users/erase",
          status: 204,
          operationId: "admin.users.eraseBySubject",
          input: subjectReference,
          summary: "Erase a user by issuer and subject",
          description:
            "Like erasing by id, for a user of another issuer, even if Latchkey has not seen the user before. The user is rejected from then on. Requires an administrator's access token.",
        },
      ],
    })
    .input(userReference)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.admin.users.erase(ctx.by, input, ctx.latchkey.request)),

  resetSecondFactor: adminProcedure
    .meta({
      accounts: true,
      rest: {
        method: "DELETE",
        path: "/auth/admin/users/{user_id}/second-factor",
        status: 204,
        params: { user_id: "id" },
        summary: "Remove a user's second factor",
        description:
          "For a user who has lost the authenticator app and the recovery codes. Removes both and ends all of the user's sessions. Returns `FORBIDDEN` for the accounts of administrators, whose second factor can be removed only by the server's command line. Requires an administrator's access token.",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.secondFactors.reset(ctx.by, input, ctx.latchkey.request)),

  createResetLink: adminProcedure
    .meta({
      accounts: true,
      rest: {
        method: "POST",
        path: "/auth/admin/users/{user_id}/reset-link",
        status: 201,
        params: { user_id: "id" },
        summary: "Create a link to set a user's password",
        description:
          "Returns a link by which a user with an account can set a new password. It works once, within one hour, and replaces an earlier link. It is not shown again. Returns `FORBIDDEN` for the accounts of administrators, whose links only the server's command line creates, and for disabled users. Requires an administrator's access token.",
      },
    })
    .input(id)
    .output(resetLink)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.passwordResets.createLink(ctx.by, input, ctx.latchkey.request),
    ),
})
