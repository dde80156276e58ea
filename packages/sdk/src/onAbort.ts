const callbacks = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls back once when a signal is aborted, unless the returned function was called before. However many calls share
 * a signal, it has one listener: Node warns of a leak when there are more than ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiting = callbacks.get(signal) ?? listen(signal)
  waiting.add(callback)
  return () => {
    if (!waiting.delete(callback) || waiting.size > 0) return
    signal.removeEventListener("abort", tellAll)
    callbacks.delete(signal)
  }
}

function listen(signal: AbortSignal) {
  const waiting = new Set<() => void>()
  callbacks.set(signal, waiting)
  signal.addEventListener("abort", tellAll)
  return waiting
}

function tellAll({ target }: Event) {
  for (const callback of callbacks.get(target as AbortSignal) ?? []) callback()
}
