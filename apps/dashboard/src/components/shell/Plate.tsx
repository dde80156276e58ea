import type { ReactNode } from "react"
import { product } from "../../settings.ts"
import { Footer } from "./Footer.tsx"
import { Logo } from "./Logo.tsx"

/** The box in the middle of a plate. */
export const Card = ({ children }: { children: ReactNode }) => (
  <div className="rounded-2xl border border-line bg-surface p-5 shadow-xs sm:p-7">{children}</div>
)

/** The layout of pages for users who are not signed in: one centered column. */
export function Plate({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col items-center pt-8">
      <main className="mt-[8vh] mb-8 w-full max-w-[26rem] px-4">
        <p className="mb-8 flex items-center justify-center gap-2.5 text-lg font-semibold">
          <Logo className="size-8" />
          <span className="min-w-0 wrap-anywhere">{product.name}</span>
        </p>
        {children}
      </main>
      <Footer />
    </div>
  )
}
