import { useState } from "react"
import { Link } from "wouter"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { Card, Plate } from "../components/shell/Plate.tsx"
import type { SessionState } from "../session/state.ts"
import { settings } from "../settings.ts"
import { PasswordForm } from "../signIn/PasswordForm.tsx"
import { type Challenge, SecondFactorForm } from "../signIn/SecondFactorForm.tsx"

export type SignedOutBecause = Extract<SessionState, { status: "signedOut" }>["because"]

const TEXTS = {
  login: { title: "Sign in", question: "No account yet?", other: "Create one" },
  register: {
    title: "Create your account",
    question: "Have an account?",
    other: "Sign in",
  },
} as const

/** Safari before 26 refuses `Secure` cookies over http://localhost (bugs.webkit.org/show_bug.cgi?id=281149). */
const NOT_KEPT =
  location.protocol === "http:"
    ? " If this happens at every reload, your browser does not keep sessions over plain HTTP (some versions of Safari don’t). Use another browser, or HTTPS."
    : ""

const NOTICES: Partial<Record<SignedOutBecause | "challengeEnded", string>> = {
  ended: `Your session has ended. Sign in to continue where you left off.${NOT_KEPT}`,
  signedOut: "You have signed out.",
  challengeEnded: "That took too long, or too many codes were wrong. Sign in again.",
}

const linkClass = "rounded font-medium text-accent underline underline-offset-4 hover:text-accent-strong"

interface Props {
  mode: "login" | "register"
  signedOutBecause: SignedOutBecause
}

/** The page for signing in, which takes two steps with a second factor, and for signing up. */
export function SignInPage({ mode, signedOutBecause }: Props) {
  const [challenge, setChallenge] = useState<Challenge>()
  const [hasEnded, setEnded] = useState(false)
  const notice = mode === "login" && NOTICES[hasEnded ? "challengeEnded" : signedOutBecause]
  const isSecondStep = mode === "login" && challenge !== undefined

  return (
    <Plate>
      <Card>
        {isSecondStep ? (
          <SecondFactorForm
            {...challenge}
            onEnded={() => {
              setEnded(true)
              setChallenge(undefined)
            }}
            onCancel={() => setChallenge(undefined)}
          />
        ) : (
          <>
            <PageHeading title={TEXTS[mode].title} />
            {notice && (
              <p
                role={hasEnded ? "alert" : undefined}
                className="mt-3 rounded-lg bg-sunken px-3 py-2 text-sm text-muted"
              >
                {notice}
              </p>
            )}
            <PasswordForm
              mode={mode}
              onChallenge={(next) => {
                setEnded(false)
                setChallenge(next)
              }}
            />
          </>
        )}
      </Card>
      {mode === "login" && !isSecondStep && <Forgotten />}
      {settings.registration === "open" && !isSecondStep && (
        <p className="mt-6 text-center text-sm text-muted">
          {TEXTS[mode].question}{" "}
          <Link href={mode === "login" ? "/sign-up" : "/sign-in"} className={linkClass}>
            {TEXTS[mode].other}
          </Link>
        </p>
      )}
    </Plate>
  )
}

const Forgotten = () => (
  <p className="mt-6 text-center text-sm text-muted">
    {settings.sendsMail ? (
      <Link href="/forgot-password" className={linkClass}>
        Forgot your password?
      </Link>
    ) : (
      "Forgot your password? An administrator can create a link for you to set a new one."
    )}
  </p>
)
