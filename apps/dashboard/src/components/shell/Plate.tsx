import type { ReactNode } from "react"
import { Logo } from "./Logo.tsx"
import { ThemeSwitch } from "./ThemeSwitch.tsx"

/** The layout of pages for users who are not signed in: one centered column. */
export function Plate({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-8">
      <main className="mt-[8vh] mb-8 w-full max-w-sm">
        <p className="mb-8 flex items-center justify-center gap-2.5 text-lg font-semibold">
          <Logo className="size-8" />
          Latchkey
        </p>
        {children}
      </main>
      <footer className="mt-auto">
        <ThemeSwitch />
      </footer>
    </div>
  )
}
