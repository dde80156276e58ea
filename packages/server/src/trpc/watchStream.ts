import { toTrpcError } from "@latchkey/api"
import { AuthError } from "@latchkey/auth"
import { TRPCError } from "@trpc/server"
import { isObservable, observableToAsyncIterable } from "@trpc/server/observable"

/** Milliseconds between two verifications of a stream's caller. */
const INTERVAL_MS = 5_000

/** Milliseconds for which a stream continues without a verdict. */
const PATIENCE_MS = 30_000

/**
 * Verifies the caller again while the result of a call is a stream that somebody reads: a subscription, or a query or
 * mutation that streams its answer. The stream ends with the error of `verify` once the caller is refused, or once
 * there has been no verdict for 30 s. Any other result is returned as it is.
 */
export function watchStream(
  data: unknown,
  verify: () => Promise<unknown>,
  { type, signal }: { type: string; signal: AbortSignal | undefined },
): unknown {
  // Another procedure may return plain data that looks like an observable.
  if (type === "subscription" && isObservable(data)) {
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
  let watch: ReturnType<typeof watchCaller> | undefined
  let isEnded = false
  function end() {
    isEnded = true
    signal?.removeEventListener("abort", end)
    watch?.close()
    onEnd()
  }
  /** Not awaited, because a generator returns only after its next event. */
  const returnEarly = () => void (async () => iterator.return?.())().catch(() => {})

  let refusal: { error: unknown } | undefined
  let refuseNext = (_: unknown) => {}
  /** Not before somebody reads: a client may ask for a query that streams in a way that can't stream. */
  function start() {
    if (watch || isEnded) return
    watch = watchCaller(verify)
    // The stream ends even if the client has stopped reading.
    watch.ended.catch((error: unknown) => {
      refusal = { error }
      refuseNext(error)
      end()
      returnEarly()
    })
  }
  /** Not `Promise.race`: with it, `ended` would retain every event for as long as the stream runs. */
  const nextOrRefusal = () =>
    new Promise<IteratorResult<unknown>>((resolve, reject) => {
      if (refusal) return reject(refusal.error)
      refuseNext = reject
      iterator.next().then(resolve, reject)
    })

  if (signal?.aborted) end()
  signal?.addEventListener("abort", end)

  const watched: AsyncIterableIterator<unknown> = {
    async next() {
      start()
      try {
        const result = await nextOrRefusal()
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

/** Verifies at an interval. `ended` rejects when the caller has lost its right. */
export function watchCaller(verify: () => Promise<unknown>) {
  let lastError: unknown = noVerdict()
  let timer: NodeJS.Timeout | undefined
  let deadline: NodeJS.Timeout | undefined
  let isClosed = false
  let end = (_: unknown) => {}
  const ended = new Promise<never>((_, reject) => {
    end = reject
  })
  // It may reject when nothing waits for it any more.
  ended.catch(() => {})

  async function check() {
    try {
      await verify()
      expectVerdict()
    } catch (error) {
      if (!isUnavailable(error)) return end(error)
      lastError = error
    }
    schedule()
  }
  function schedule() {
    if (!isClosed) timer = setTimeout(check, INTERVAL_MS).unref()
  }
  /** Needs its own timer, because `verify` may never settle. */
  function expectVerdict() {
    clearTimeout(deadline)
    if (!isClosed) deadline = setTimeout(() => end(lastError), PATIENCE_MS).unref()
  }
  schedule()
  expectVerdict()

  return {
    ended,
    close() {
      isClosed = true
      clearTimeout(timer)
      clearTimeout(deadline)
    },
  }
}

const noVerdict = () =>
  toTrpcError(new AuthError("UNAVAILABLE", "Authentication is temporarily unavailable; try again shortly."))

const isUnavailable = (error: unknown) => error instanceof TRPCError && error.code === "SERVICE_UNAVAILABLE"

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value
