const callbacksOfSignals = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Runs the callback when the signal is aborted. The returned function cancels it. All calls with the same signal share
 * one listener, because Node warns of a leak above ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = callbacksOfSignals.get(signal) ?? listen(signal)
  callbacks.add(callback)
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return
    signal.removeEventListener("abort", runCallbacks)
    callbacksOfSignals.delete(signal)
  }
}

function listen(signal: AbortSignal) {
  const callbacks = new Set<() => void>()
  callbacksOfSignals.set(signal, callbacks)
  signal.addEventListener("abort", runCallbacks)
  return callbacks
}

function runCallbacks({ target }: Event) {
  for (const callback of callbacksOfSignals.get(target as AbortSignal) ?? []) callback()
}
