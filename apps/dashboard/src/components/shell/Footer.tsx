import { Link } from "wouter"
import { ThemeSwitch } from "./ThemeSwitch.tsx"

const linkClass = "rounded underline-offset-4 hover:text-ink hover:underline"

/** Links to the public pages. */
export const Footer = () => (
  <footer className="mx-auto mt-auto flex w-full max-w-5xl flex-wrap items-center justify-between gap-x-6 gap-y-3 px-4 pb-6 text-sm text-muted sm:px-6">
    <nav aria-label="Help" className="flex flex-wrap gap-x-6 gap-y-2">
      <Link href="/docs" className={linkClass}>
        API reference
      </Link>
      <Link href="/leaked" className={linkClass}>
        Report a leaked key
      </Link>
    </nav>
    <ThemeSwitch />
  </footer>
)
