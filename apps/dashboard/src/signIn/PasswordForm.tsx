import { LatchkeyError } from "@latchkey/sdk"
import { useEffect } from "react"
import { CardForm } from "../components/forms/CardForm.tsx"
import { NewPasswordField } from "../components/forms/NewPasswordField.tsx"
import { PasswordField } from "../components/forms/PasswordField.tsx"
import { TextField } from "../components/forms/TextField.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { signIn } from "../session/session.ts"
import { emailProblem } from "./emailProblem.ts"
import { newPasswordProblem } from "./newPasswordProblem.ts"
import type { Challenge } from "./SecondFactorForm.tsx"

interface Props {
  mode: "login" | "register"
  onChallenge: (challenge: Challenge) => void
}

/** Signs in with email and password, or creates an account. */
export function PasswordForm({ mode, onChallenge }: Props) {
  const form = useForm({ email: "Email", password: "Password" }, async (values, refuse) => {
    const [email, password] = [String(values.get("email")).trim(), String(values.get("password"))]
    const problems = findProblems(mode, email, password)
    if (Object.keys(problems).length > 0) return refuse(problems)
    try {
      await signIn(mode, { email, password })
    } catch (error) {
      const challenge = challengeOf(error)
      if (!challenge) throw error
      onChallenge(challenge)
    }
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: clears the errors of the other mode.
  useEffect(() => form.clearErrors(), [mode])

  return (
    <CardForm form={form} button={mode === "login" ? "Sign in" : "Create account"}>
      <TextField {...form.field("email")} type="email" autoComplete="username" required />
      {mode === "login" ? (
        <PasswordField {...form.field("password")} autoComplete="current-password" required />
      ) : (
        <NewPasswordField {...form.field("password")} />
      )}
    </CardForm>
  )
}

/** The challenge of a sign-in whose password was right. */
function challengeOf(error: unknown): Challenge | undefined {
  if (!(error instanceof LatchkeyError) || error.challenge === undefined) return undefined
  return { challenge: error.challenge, methods: error.methods ?? ["totp"] }
}

function findProblems(mode: "login" | "register", email: string, password: string) {
  const ofEmail = emailProblem(email)
  const ofPassword =
    mode === "register" ? newPasswordProblem(password) : password === "" ? "Enter your password." : undefined
  return { ...(ofEmail && { email: ofEmail }), ...(ofPassword && { password: ofPassword }) }
}
