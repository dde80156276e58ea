import {
  currentPassword,
  noOutput,
  passwordAndCode,
  recoveryCodes,
  totpCode,
  totpSetup,
} from "@latchkey/contract/schemas"
import type { z } from "zod"
import { router, sessionProcedure } from "../procedures.ts"

/** The schema has checked that there is exactly one code. */
const toTyped = ({ currentPassword, totp, recoveryCode }: z.output<typeof passwordAndCode>) => ({
  currentPassword,
  ...(totp === undefined ? { recoveryCode: recoveryCode ?? "" } : { totp }),
})

export const secondFactorRouter = router({
  setUp: sessionProcedure
    .meta({
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/second-factor",
        status: 201,
        reasons: ["LOGIN_FAILED", "SECOND_FACTOR_EXISTS", "RATE_LIMITED"],
        summary: "Start the setup of an authenticator app",
        description:
          "Returns the secret for an authenticator app (TOTP, RFC 6238), which is not shown again. The second factor is enabled once a first code confirms it, within an hour. Starting again replaces the secret. Returns `LOGIN_FAILED` if the current password is wrong.",
      },
    })
    .input(currentPassword)
    .output(totpSetup)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.secondFactors.setUp(
        { ...ctx.session, email: ctx.caller.owner.email ?? "" },
        input,
        ctx.latchkey.request,
      ),
    ),

  confirm: sessionProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/second-factor/confirm",
        status: 200,
        reasons: ["LOGIN_FAILED", "NOT_FOUND", "RATE_LIMITED"],
        summary: "Complete the setup of an authenticator app",
        description:
          "Enables the second factor with a TOTP code, ends all other sessions, and returns 10 recovery codes, which are not shown again. Returns `LOGIN_FAILED` if the code is wrong, `NOT_FOUND` if no setup was started within the last hour.",
      },
    })
    .input(totpCode)
    .output(recoveryCodes)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.secondFactors.confirm(ctx.session, input, ctx.latchkey.request),
    ),

  renewRecoveryCodes: sessionProcedure
    .meta({
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/second-factor/recovery-codes",
        status: 200,
        reasons: ["LOGIN_FAILED", "NOT_FOUND", "RATE_LIMITED"],
        summary: "Replace the recovery codes",
        description:
          "Returns 10 new recovery codes, which are not shown again, and ends all other sessions. The earlier codes no longer work. Takes the current password, and either `totp` or `recoveryCode`; `LOGIN_FAILED` says in `issues` which is wrong.",
      },
    })
    .input(passwordAndCode)
    .output(recoveryCodes)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.secondFactors.renewRecoveryCodes(ctx.session, toTyped(input), ctx.latchkey.request),
    ),

  remove: sessionProcedure
    .meta({
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/second-factor/remove",
        status: 204,
        reasons: ["LOGIN_FAILED", "NOT_FOUND", "RATE_LIMITED"],
        summary: "Remove the second factor",
        description:
          "Removes the authenticator app and the recovery codes, and ends all other sessions. Takes the current password, and either `totp` or `recoveryCode`; `LOGIN_FAILED` says in `issues` which is wrong.",
      },
    })
    .input(passwordAndCode)
    .output(noOutput)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.secondFactors.remove(ctx.session, toTyped(input), ctx.latchkey.request),
    ),
})
