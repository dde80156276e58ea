import { useState } from "react"
import { Link } from "wouter"
import { buttonClass } from "../components/Button.tsx"
import { CardForm } from "../components/forms/CardForm.tsx"
import { TextField } from "../components/forms/TextField.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { Outcome } from "../components/shell/Outcome.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { Card, Plate } from "../components/shell/Plate.tsx"
import { asAnybody } from "../session/session.ts"
import { emailProblem } from "../signIn/emailProblem.ts"

/** Requests a mail with a link to set a new password. The page shows the same response for any email. */
export function ForgotPasswordPage() {
  const [requested, setRequested] = useState<string>()
  const form = useForm({ email: "Email" }, async (values, refuse) => {
    const email = String(values.get("email")).trim()
    const problem = emailProblem(email)
    if (problem) return refuse({ email: problem })
    await asAnybody(({ auth }) => auth.requestPasswordReset({ email }))
    setRequested(email)
  })
  return (
    <Plate>
      <Card>
        {requested !== undefined ? (
          <Outcome
            title="Check your inbox"
            description={
              <span className="wrap-anywhere">
                If there is an account for {requested}, a link is on its way. It works once, within an hour.
                Nothing there? Check your spam folder.
              </span>
            }
            href="/sign-in"
            button="Back to sign-in"
          />
        ) : (
          <>
            <PageHeading
              title="Forgot your password?"
              description="We send a link to set a new one to your email. Your API keys keep working."
            />
            <CardForm
              form={form}
              button="Send link"
              footer={
                <Link href="/sign-in" className={buttonClass({ kind: "quiet" })}>
                  Back to sign-in
                </Link>
              }
            >
              <TextField {...form.field("email")} type="email" autoComplete="username" required />
            </CardForm>
          </>
        )}
      </Card>
    </Plate>
  )
}
