import { useMutation } from "@tanstack/react-query"
import { type FormEvent, useEffect, useRef, useState } from "react"
import { Link } from "wouter"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/FormError.tsx"
import { PageHeading } from "../components/PageHeading.tsx"
import { PasswordField } from "../components/PasswordField.tsx"
import { Plate } from "../components/Plate.tsx"
import { TextField } from "../components/TextField.tsx"
import { explainField, isAboutFields } from "../explain.ts"
import { focusFirstInvalid } from "../focusFirstInvalid.ts"
import { newPasswordProblem } from "../newPasswordProblem.ts"
import { type SessionState, signIn } from "../session/session.ts"

type Because = Extract<SessionState, { status: "signedOut" }>["because"]

const WORDS = {
  login: { title: "Sign in", button: "Sign in", question: "No account yet?", other: "Create one" },
  register: {
    title: "Create your account",
    button: "Create account",
    question: "Have an account?",
    other: "Sign in",
  },
} as const

const NOTICES: Partial<Record<Because, string>> = {
  ended: "Your session has ended. Sign in to go on where you were.",
  signedOut: "You have signed out.",
}

/** Signing in and signing up, which differ in little. */
export function SignInPage({ way, because }: { way: "login" | "register"; because: Because }) {
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState<{ email?: string; password?: string }>({})
  const attempt = useMutation({
    mutationFn: (credentials: { email: string; password: string }) => signIn(way, credentials),
    onError: () => focusFirstInvalid(form.current),
  })
  const { reset } = attempt
  // What was wrong with signing in says nothing of signing up.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each way.
  useEffect(() => {
    setProblems({})
    reset()
  }, [way, reset])
  const words = WORDS[way]
  const notice = way === "login" && NOTICES[because]

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (attempt.isPending) return
    const fields = new FormData(event.currentTarget)
    const [email, password] = [String(fields.get("email")).trim(), String(fields.get("password"))]
    const found = findProblems(way, email, password)
    setProblems(found)
    attempt.reset()
    if (Object.keys(found).length > 0) focusFirstInvalid(form.current)
    else attempt.mutate({ email, password })
  }

  return (
    <Plate>
      <div className="rounded-2xl border border-line bg-surface p-5 shadow-xs sm:p-7">
        <PageHeading title={words.title} />
        {notice && <p className="mt-3 rounded-lg bg-sunken px-3 py-2 text-sm text-muted">{notice}</p>}
        {/* Without scripts it would send the password along in a URL. */}
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
            key={way}
            label="Password"
            name="password"
            autoComplete={way === "login" ? "current-password" : "new-password"}
            required
            hint={way === "register" && "At least 12 characters. A few random words are good."}
            error={problems.password ?? explainField(attempt.error, "password", "Password")}
          />
          <FormError error={isAboutFields(attempt.error, ["email", "password"]) ? null : attempt.error} />
          <Button type="submit" kind="primary" isBusy={attempt.isPending}>
            {words.button}
          </Button>
        </form>
      </div>
      <p className="mt-6 text-center text-sm text-muted">
        {words.question}{" "}
        <Link
          href={way === "login" ? "/sign-up" : "/sign-in"}
          className="rounded font-medium text-accent underline underline-offset-4 hover:text-accent-strong"
        >
          {words.other}
        </Link>
      </p>
    </Plate>
  )
}

function findProblems(way: "login" | "register", email: string, password: string) {
  const inEmail = /^\S+@\S+$/.test(email) ? undefined : "Enter your email address."
  const inPassword =
    way === "register" ? newPasswordProblem(password) : password === "" ? "Enter your password." : undefined
  return { ...(inEmail && { email: inEmail }), ...(inPassword && { password: inPassword }) }
}
