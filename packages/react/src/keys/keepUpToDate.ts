import { isAway } from "../client/isAway.ts"

/** Milliseconds between loads while the page is visible, because times of last use change. */
const INTERVAL = 5_000
const MAX_DELAY = 15_000

/** Repeated loading. */
export interface Refresh {
  start(): void
  stop(): void
  /** Loads now, or after a load that is in progress. */
  now(): Promise<void>
}

interface Events {
  onFailure(failure: unknown): void
  /** The browser shows the page again that it has kept since the user left it. Somebody else may be there now. */
  onRestored(): void
}

/**
 * Loads at once, when the page comes into view, and regularly while it is visible. While the server can't be reached,
 * loading is retried with growing delays. Other failures, such as an ended session, stop it until the page comes into
 * view again.
 */
export function keepUpToDate(load: () => Promise<void>, { onFailure, onRestored }: Events): Refresh {
  let timer: ReturnType<typeof setTimeout> | undefined
  let loading: Promise<void> | undefined
  let isRunning = false
  let failures = 0

  async function attempt() {
    clearTimeout(timer)
    let delay: number | null = INTERVAL
    try {
      await load()
      failures = 0
    } catch (failure) {
      delay = isAway(failure)
        ? Math.max((failure.retryAfter ?? 0) * 1000, Math.min(1_000 * 2 ** failures, MAX_DELAY))
        : null
      failures++
      onFailure(failure)
    } finally {
      loading = undefined
    }
    if (isRunning && delay !== null) timer = setTimeout(refresh, delay)
  }

  const loadNow = (): Promise<void> => {
    loading ??= attempt()
    return loading
  }
  const refresh = () => {
    if (document.visibilityState === "visible") void loadNow()
  }
  const restore = ({ persisted }: PageTransitionEvent) => {
    if (!persisted) return
    onRestored()
    refresh()
  }

  return {
    start() {
      isRunning = true
      document.addEventListener("visibilitychange", refresh)
      addEventListener("online", refresh)
      addEventListener("pageshow", restore)
      void loadNow()
    },
    stop() {
      isRunning = false
      clearTimeout(timer)
      document.removeEventListener("visibilitychange", refresh)
      removeEventListener("online", refresh)
      removeEventListener("pageshow", restore)
    },
    now: async () => {
      await loading
      await loadNow()
    },
  }
}
