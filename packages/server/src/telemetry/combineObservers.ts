import type { RequestObserver } from "@latchkey/api"
import type { AuthObserver } from "@latchkey/auth"

/** Tells both. With one, returns that one. */
export function combineAuthObservers(
  one: AuthObserver | undefined,
  other: AuthObserver | undefined,
): AuthObserver | undefined {
  if (!one || !other) return one ?? other
  return {
    verdict(...args) {
      one.verdict(...args)
      other.verdict(...args)
    },
    batch(...args) {
      one.batch(...args)
      other.batch(...args)
    },
    remembered(of) {
      one.remembered(of)
      other.remembered(of)
    },
    bcryptBegan(purpose) {
      one.bcryptBegan(purpose)
      other.bcryptBegan(purpose)
    },
    bcryptEnded(...args) {
      one.bcryptEnded(...args)
      other.bcryptEnded(...args)
    },
    reads: one.reads ?? other.reads,
  }
}

/** Tells both. With one, returns that one. */
export function combineRequestObservers(
  one: RequestObserver | null,
  other: RequestObserver | undefined,
): RequestObserver | null {
  if (!one || !other) return one ?? other ?? null
  return {
    onResponse(...args) {
      one.onResponse(...args)
      other.onResponse(...args)
    },
  }
}
