import { useMutation } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { Link, useRoute } from "wouter"
import { signOut } from "../../session/session.ts"
import { toastError } from "../../toasts.ts"
import { Button } from "../Button.tsx"
import { Icon } from "../Icon.tsx"
import { ConnectionBanner } from "./ConnectionBanner.tsx"
import { Logo } from "./Logo.tsx"
import { ThemeSwitch } from "./ThemeSwitch.tsx"

interface Props {
  /** Adds the administration tab. On narrow screens, the tabs get their own row. */
  isAdmin: boolean
  children: ReactNode
}

/** The layout of all pages for signed-in users. */
export function Shell({ isAdmin, children }: Props) {
  const signOutMutation = useMutation({
    mutationFn: signOut,
    onError: (error) => toastError("You could not be signed out.", error),
  })
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only rounded-lg bg-surface px-4 py-2 focus:not-sr-only focus:absolute focus:top-3 focus:left-3 focus:z-30"
      >
        Skip to content
      </a>
      <header className="border-b border-line bg-surface">
        <div
          className={`mx-auto flex h-14 max-w-5xl items-center gap-2 px-4 sm:gap-6 sm:px-6 ${isAdmin ? "max-sm:h-auto max-sm:flex-wrap max-sm:justify-between max-sm:pt-2" : ""}`}
        >
          <Link href="/" className="flex items-center gap-2 rounded-lg font-semibold" aria-label="Latchkey">
            <Logo />
            <span className="max-sm:hidden">Latchkey</span>
          </Link>
          <nav
            aria-label="Pages"
            className={`flex h-full flex-1 items-stretch gap-1 ${isAdmin ? "max-sm:order-last max-sm:-mx-2 max-sm:h-11 max-sm:basis-full" : ""}`}
          >
            <Tab href="/">API keys</Tab>
            <Tab href="/activity">Activity</Tab>
            <Tab href="/account">Account</Tab>
            {isAdmin && (
              <Tab href="/admin" pattern="/admin/*?">
                Admin
              </Tab>
            )}
          </nav>
          <span className="-mr-2.5">
            <Button
              kind="quiet"
              size="small"
              isBusy={signOutMutation.isPending}
              onClick={() => signOutMutation.mutate()}
            >
              <Icon name="signOut" />
              <span className="max-sm:sr-only">Sign out</span>
            </Button>
          </span>
        </div>
      </header>
      <ConnectionBanner />
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-5xl flex-1 px-4 py-8 outline-none sm:px-6 sm:py-10"
      >
        {children}
      </main>
      <footer className="mx-auto flex w-full max-w-5xl items-center justify-between px-4 pb-6 text-sm text-muted sm:px-6">
        <a href="/openapi.json" className="rounded underline-offset-4 hover:text-ink hover:underline">
          API reference (OpenAPI)
        </a>
        <ThemeSwitch />
      </footer>
    </div>
  )
}

/** @param props.pattern the routes for which the tab is current, if more than `href`. */
function Tab({ href, pattern = href, children }: { href: string; pattern?: string; children: string }) {
  const [isCurrent] = useRoute(pattern)
  return (
    <Link
      href={href}
      aria-current={isCurrent ? "page" : undefined}
      className={`-mb-px flex items-center border-b-2 px-2 text-sm font-medium whitespace-nowrap sm:px-3 ${
        isCurrent ? "border-accent text-ink" : "border-transparent text-muted hover:text-ink"
      }`}
    >
      {children}
    </Link>
  )
}
