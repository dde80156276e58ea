import { useRoute } from "wouter"
import { ActivitySkeleton } from "../activity/ActivityList.tsx"
import { Skeleton } from "../components/Skeleton.tsx"
import { AwayBanner } from "../components/shell/AwayBanner.tsx"
import { Logo } from "../components/shell/Logo.tsx"
import { product } from "../settings.ts"

/** Shows a skeleton of the page while the session of the last visit is being resumed. */
export function StartingPage({ failure }: { failure: unknown }) {
  const [isAccount] = useRoute("/account")
  const [isActivity] = useRoute("/activity")
  return (
    <div className="min-h-dvh">
      <header className="border-b border-line bg-surface">
        <div className="mx-auto flex h-14 max-w-5xl items-center gap-2 px-4 font-semibold sm:px-6">
          <Logo />
          <span className="truncate">{product.name}</span>
        </div>
      </header>
      <div role="status">
        {failure ? <AwayBanner failure={failure} /> : <span className="sr-only">Loading</span>}
      </div>
      <main className="mx-auto w-full max-w-5xl px-4 py-8 sm:px-6 sm:py-10">
        <h1 className="sr-only">{product.name}</h1>
        <Skeleton className="h-8 w-32" />
        {isAccount ? <AccountOutline /> : isActivity ? <ActivityOutline /> : <ApiKeysOutline />}
      </main>
    </div>
  )
}

const ApiKeysOutline = () => (
  <>
    <Skeleton className="mt-1 mb-6 h-6 w-96 max-w-full max-sm:mb-20 max-sm:h-12" />
    <Skeleton className="mb-4 h-10 w-80 max-w-full" />
    <div className="divide-y divide-line rounded-xl border border-line bg-surface">
      {["first", "second", "third"].map((row) => (
        <div key={row} className="grid h-17 content-center gap-2 px-4">
          <Skeleton className="h-3.5 w-44 max-w-full" />
          <Skeleton className="h-3 w-22" />
        </div>
      ))}
    </div>
  </>
)

const ActivityOutline = () => (
  <>
    <Skeleton className="mt-1 mb-6 h-6 w-96 max-w-full max-sm:h-12" />
    <ActivitySkeleton />
  </>
)

const AccountOutline = () => (
  <div className="mt-6 grid gap-6">
    <Skeleton className="h-36 rounded-xl" />
    <Skeleton className="h-40 rounded-xl" />
    <Skeleton className="h-80 rounded-xl" />
  </div>
)
