import type { ReactNode } from "react"
import { Link } from "wouter"
import { product } from "../../settings.ts"
import { Footer } from "./Footer.tsx"
import { Logo } from "./Logo.tsx"
import { SkipLink } from "./SkipLink.tsx"

/** The layout of the public pages, for users who are signed in and for everybody else. */
export function PublicShell({ isWide = false, children }: { isWide?: boolean; children: ReactNode }) {
  const width = isWide ? "max-w-7xl" : "max-w-5xl"
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <header className="border-b border-line bg-surface">
        <div className={`mx-auto flex h-14 ${width} items-center justify-between gap-4 px-4 sm:px-6`}>
          <Link href="/" className="flex min-w-0 items-center gap-2 rounded-lg font-semibold">
            <Logo />
            <span className="truncate">{product.name}</span>
          </Link>
          <Link
            href="/"
            className="shrink-0 rounded text-sm font-medium text-accent underline-offset-4 hover:underline"
          >
            Your API keys
          </Link>
        </div>
      </header>
      <main
        id="content"
        tabIndex={-1}
        className={`mx-auto w-full ${width} flex-1 px-4 py-8 outline-none sm:px-6 sm:py-10`}
      >
        {children}
      </main>
      <Footer />
    </div>
  )
}
