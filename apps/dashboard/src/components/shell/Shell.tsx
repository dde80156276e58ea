import { useMutation } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { Link, useRoute } from "wouter"
import { API_KEYS_PATH } from "../../pages/apiKeysPath.ts"
import { signOut } from "../../session/session.ts"
import type { Person } from "../../session/state.ts"
import { product, settings } from "../../settings.ts"
import { toastError } from "../../toasts.ts"
import { Button } from "../Button.tsx"
import { Icon } from "../Icon.tsx"
import { ConnectionBanner } from "./ConnectionBanner.tsx"
import { Footer } from "./Footer.tsx"
import { Logo } from "./Logo.tsx"
import { SkipLink } from "./SkipLink.tsx"

/**
 * The layout of all pages for signed-in users. On phones, the tabs have their own row. On tablets, only icons fit
 * beside them.
 */
export function Shell({ user, children }: { user: Person; children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <header className="border-b border-line bg-surface">
        <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-2 px-4 max-sm:pt-2 sm:h-14 sm:flex-nowrap sm:gap-x-6 sm:px-6">
          <Link
            href="/"
            className="flex min-w-0 items-center gap-2 rounded-lg font-semibold"
            aria-label={product.name}
          >
            <Logo />
            <span className="max-w-48 truncate max-lg:hidden">{product.name}</span>
          </Link>
          <nav
            aria-label="Pages"
            className="flex h-full flex-none items-stretch gap-1 max-sm:order-last max-sm:-mx-2 max-sm:h-11 max-sm:basis-full"
          >
            <Tab href="/" pattern={API_KEYS_PATH}>
              API keys
            </Tab>
            <Tab href="/activity">Activity</Tab>
            <Tab href="/account">Account</Tab>
            {user.role === "admin" && (
              <Tab href="/admin" pattern="/admin/*?">
                Admin
              </Tab>
            )}
          </nav>
          <p className="min-w-0 flex-1 truncate text-right text-sm text-muted" title={user.name}>
            <span className="sr-only">Signed in as </span>
            {user.name}
          </p>
          {settings.signIn === "password" && <SignOut />}
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
      <Footer />
    </div>
  )
}

function SignOut() {
  const { isPending, mutate } = useMutation({
    mutationFn: signOut,
    onError: (error) => toastError("You could not be signed out.", error),
  })
  return (
    <span className="-mr-2.5">
      <Button kind="quiet" size="small" title="Sign out" isBusy={isPending} onClick={() => mutate()}>
        <Icon name="signOut" />
        <span className="max-lg:sr-only">Sign out</span>
      </Button>
    </span>
  )
}

/** @param props.pattern the routes for which the tab is current, if more than `href`. */
function Tab({
  href,
  pattern = href,
  children,
}: {
  href: string
  pattern?: string | RegExp
  children: string
}) {
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
