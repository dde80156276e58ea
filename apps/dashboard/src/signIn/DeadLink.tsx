import { Outcome } from "../components/shell/Outcome.tsx"
import { settings } from "../settings.ts"

interface Props {
  kind: "reset" | "verify"
  /** Whether the URL contained no token. */
  isIncomplete?: boolean
}

/** Replaces a link's page if the link doesn't work, and says how to get another link. */
export function DeadLink({ kind, isIncomplete = false }: Props) {
  const { next, href, button } =
    NEXT[kind === "verify" ? "verify" : settings.sendsMail ? "mail" : "administrator"]
  const reason = isIncomplete
    ? "For your security, this page does not keep the link. After a reload, open the link again."
    : `It was used or replaced, or it has expired. Links are valid for ${kind === "reset" ? "an hour" : "a day"}.`
  return (
    <Outcome
      title={isIncomplete ? "Open your link again" : "This link no longer works"}
      description={`${reason} ${next}`}
      href={href}
      button={button}
    />
  )
}

const NEXT = {
  verify: {
    next: "You can ask for a new one on your account page.",
    href: "/account",
    button: "Go to your account",
  },
  mail: { next: "You can ask for a new one.", href: "/forgot-password", button: "Ask for a new link" },
  administrator: {
    next: "An administrator can make a new one for you.",
    href: "/sign-in",
    button: "Go to sign-in",
  },
}
