import { TRPCError } from "@trpc/server"
import { isObservable, observableToAsyncIterable } from "@trpc/server/observable"

/** Milliseconds between two verifications of a subscription. */
const INTERVAL_MS = 5_000

/** Milliseconds for which a subscription goes on without a verdict. */
const PATIENCE_MS = 30_000

/**
 * Verifies the caller of a subscription again while it runs. The subscription ends with the error of `verify` once the
 * caller is refused, or once there has been no verdict for 30 s.
 */
export function watchSubscription(
  data: unknown,
  verify: () => Promise<unknown>,
  signal: AbortSignal | undefined,
): unknown {
  if (isObservable(data)) {
    const ended = new AbortController()
    const events = observableToAsyncIterable(data, ended.signal)
    return watchIterable(events, verify, { signal, onEnd: () => ended.abort() })
  }
  return isAsyncIterable(data) ? watchIterable(data, verify, { signal, onEnd() {} }) : data
}

/** Not a generator: one that waits for its next event can't be ended. */
function watchIterable(
  iterable: AsyncIterable<unknown>,
  verify: () => Promise<unknown>,
  { signal, onEnd }: { signal: AbortSignal | undefined; onEnd: () => void },
): AsyncIterable<unknown> {
  const iterator = iterable[Symbol.asyncIterator]()
  const watch = watchCaller(verify)
  function end() {
    signal?.removeEventListener("abort", end)
    watch.close()
    onEnd()
  }
  /** Not awaited, as a generator returns only after its next event. */
  const returnEarly = () => void iterator.return?.().catch(() => {})
  if (signal?.aborted) end()
  signal?.addEventListener("abort", end)

  const watched: AsyncIterableIterator<unknown> = {
    async next() {
      try {
        const result = await watch.orRefused(iterator.next())
        if (result.done) end()
        return result
      } catch (error) {
        end()
        returnEarly()
        throw error
      }
    },
    async return(value) {
      end()
      returnEarly()
      return { done: true, value }
    },
    [Symbol.asyncIterator]: () => watched,
  }
  return watched
}

/** Verifies at an interval, until it is closed or the caller is refused. */
export function watchCaller(verify: () => Promise<unknown>) {
  let lastVerdictAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let refusal: { error: unknown } | undefined
  /** Rejects the event that is being waited for. */
  let onRefused: ((error: unknown) => void) | undefined

  function refuse(error: unknown) {
    refusal = { error }
    onRefused?.(error)
  }

  async function check() {
    try {
      await verify()
      lastVerdictAt = performance.now()
    } catch (error) {
      if (!isUnavailable(error) || performance.now() - lastVerdictAt >= PATIENCE_MS) return refuse(error)
    }
    schedule()
  }
  function schedule() {
    if (!isClosed) timer = setTimeout(check, INTERVAL_MS).unref()
  }
  schedule()

  return {
    /**
     * Waits for the next event, and rejects once the caller is refused. Not `Promise.race` with one promise of the
     * refusal, which would keep a reaction for every event of a subscription.
     */
    orRefused<Event>(event: Promise<Event>): Promise<Event> {
      return new Promise((resolve, reject) => {
        onRefused = reject
        event.then(resolve, reject)
        if (refusal) reject(refusal.error)
      })
    },
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

const isUnavailable = (error: unknown) => error instanceof TRPCError && error.code === "SERVICE_UNAVAILABLE"

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value
