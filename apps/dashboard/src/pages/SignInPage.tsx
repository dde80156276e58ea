import { useMutation } from "@tanstack/react-query"
import { type FormEvent, useEffect, useRef, useState } from "react"
import { Link } from "wouter"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { PasswordField } from "../components/forms/PasswordField.tsx"
import { TextField } from "../components/forms/TextField.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { Plate } from "../components/shell/Plate.tsx"
import { explainField, isAboutFields } from "../explain.ts"
import { focusFirstInvalid } from "../focusFirstInvalid.ts"
import { newPasswordProblem } from "../newPasswordProblem.ts"
import { type SessionState, signIn } from "../session/session.ts"

type SignedOutBecause = Extract<SessionState, { status: "signedOut" }>["because"]

const TEXTS = {
  login: { title: "Sign in", button: "Sign in", question: "No account yet?", other: "Create one" },
  register: {
    title: "Create your account",
    button: "Create account",
    question: "Have an account?",
    other: "Sign in",
  },
} as const

const NOTICES: Partial<Record<SignedOutBecause, string>> = {
  ended: "Your session has ended. Sign in to continue where you left off.",
  signedOut: "You have signed out.",
}

interface Props {
  mode: "login" | "register"
  signedOutBecause: SignedOutBecause
}

/** The page for signing in and for signing up. */
export function SignInPage({ mode, signedOutBecause }: Props) {
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState<{ email?: string; password?: string }>({})
  const attempt = useMutation({
    mutationFn: (credentials: { email: string; password: string }) => signIn(mode, credentials),
    onError: () => focusFirstInvalid(form.current),
  })
  const { reset } = attempt
  // Clears the errors of the other mode.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the mode changes.
  useEffect(() => {
    setProblems({})
    reset()
  }, [mode, reset])
  const texts = TEXTS[mode]
  const notice = mode === "login" && NOTICES[signedOutBecause]

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (attempt.isPending) return
    const fields = new FormData(event.currentTarget)
    const [email, password] = [String(fields.get("email")).trim(), String(fields.get("password"))]
    const found = findProblems(mode, email, password)
    setProblems(found)
    attempt.reset()
    if (Object.keys(found).length > 0) focusFirstInvalid(form.current)
    else attempt.mutate({ email, password })
  }

  return (
    <Plate>
      <div className="rounded-2xl border border-line bg-surface p-5 shadow-xs sm:p-7">
        <PageHeading title={texts.title} />
        {notice && <p className="mt-3 rounded-lg bg-sunken px-3 py-2 text-sm text-muted">{notice}</p>}
        {/* Without JavaScript, a GET form would put the password into the URL. */}
        <form ref={form} method="post" noValidate onSubmit={submit} className="mt-5 grid gap-4">
          <TextField
            label="Email"
            name="email"
            type="email"
            autoComplete="username"
            required
            error={problems.email ?? explainField(attempt.error, "email", "Email")}
          />
          <PasswordField
            key={mode}
            label="Password"
            name="password"
            autoComplete={mode === "login" ? "current-password" : "new-password"}
            required
            hint={mode === "register" && "At least 12 characters. A few random words work well."}
            error={problems.password ?? explainField(attempt.error, "password", "Password")}
          />
          <FormError error={isAboutFields(attempt.error, ["email", "password"]) ? null : attempt.error} />
          <Button type="submit" kind="primary" isBusy={attempt.isPending}>
            {texts.button}
          </Button>
        </form>
      </div>
      <p className="mt-6 text-center text-sm text-muted">
        {texts.question}{" "}
        <Link
          href={mode === "login" ? "/sign-up" : "/sign-in"}
          className="rounded font-medium text-accent underline underline-offset-4 hover:text-accent-strong"
        >
          {texts.other}
        </Link>
      </p>
    </Plate>
  )
}

function findProblems(mode: "login" | "register", email: string, password: string) {
  const emailProblem = /^\S+@\S+$/.test(email) ? undefined : "Enter your email address."
  const passwordProblem =
    mode === "register" ? newPasswordProblem(password) : password === "" ? "Enter your password." : undefined
  return {
    ...(emailProblem && { email: emailProblem }),
    ...(passwordProblem && { password: passwordProblem }),
  }
}
