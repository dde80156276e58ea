import { isAboutFields } from "@latchkey/react/internal"
import { LatchkeyError } from "@latchkey/sdk"
import { useState } from "react"
import { CardForm } from "../components/forms/CardForm.tsx"
import { NewPasswordField } from "../components/forms/NewPasswordField.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { Outcome } from "../components/shell/Outcome.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { asAnybody } from "../session/session.ts"
import { DeadLink } from "./DeadLink.tsx"
import { newPasswordProblem } from "./newPasswordProblem.ts"

/** Sets a new password with a link. */
export function ResetPassword({ token }: { token: string }) {
  const [isDone, setDone] = useState(false)
  const form = useForm({ newPassword: "New password" }, async (values, refuse) => {
    const newPassword = String(values.get("newPassword"))
    const problem = newPasswordProblem(newPassword)
    if (problem) return refuse({ newPassword: problem })
    await asAnybody(({ auth }) => auth.resetPassword({ token, newPassword }))
    setDone(true)
  })

  if (isDone) {
    return (
      <Outcome
        title="Your password is set"
        description="Sign in with it now. If you have a second factor, you need it as before."
        href="/sign-in"
        button="Go to sign-in"
      />
    )
  }
  if (isDeadLink(form.error)) return <DeadLink kind="reset" />
  return (
    <>
      <PageHeading
        title="Set a new password"
        description="You will be signed out everywhere. API keys keep working."
      />
      <CardForm form={form} button="Set password">
        <NewPasswordField {...form.field("newPassword")} />
      </CardForm>
    </>
  )
}

/** Whether a call failed because its link was used or replaced, has expired, or never existed. */
export const isDeadLink = (error: unknown) =>
  (error instanceof LatchkeyError && error.reason === "NOT_FOUND") || isAboutFields(error, ["token"])
