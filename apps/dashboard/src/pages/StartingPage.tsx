import { ApiKeyTableSkeleton } from "../apiKeys/ApiKeyTableSkeleton.tsx"
import { Logo } from "../components/Logo.tsx"
import { Skeleton } from "../components/Skeleton.tsx"

/** While it turns out whether the last visit's session goes on. */
export function StartingPage({ isAway }: { isAway: boolean }) {
  return (
    <div className="min-h-dvh">
      <header className="border-b border-line bg-surface">
        <div className="mx-auto flex h-14 max-w-5xl items-center gap-2 px-4 font-semibold sm:px-6">
          <Logo />
          <span className="max-sm:hidden">Latchkey</span>
        </div>
      </header>
      <div role="status">
        {isAway ? (
          <p className="bg-warn-soft px-4 py-2 text-center text-sm text-warn">
            The server can’t be reached. Trying again by itself…
          </p>
        ) : (
          <span className="sr-only">Loading</span>
        )}
      </div>
      <main className="mx-auto w-full max-w-5xl px-4 py-8 sm:px-6 sm:py-10">
        <h1 className="sr-only">Latchkey</h1>
        <Skeleton className="h-8 w-32" />
        <Skeleton className="mt-2 mb-6 h-5 w-72 max-w-full" />
        <ApiKeyTableSkeleton />
      </main>
    </div>
  )
}
