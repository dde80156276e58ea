import type { Worker } from "node:cluster"

/**
 * Returns a function that closes the connection that was on its way to a worker when the worker ended. Node closes
 * its copy only once the worker has confirmed that it has its own. So it would keep the connection open, and the
 * client waiting, until this process ends.
 */
export function closeUndelivered({ process: child }: Worker): () => void {
  const send = child.send.bind(child) as (...args: unknown[]) => boolean
  let latest: { close?: () => void } | undefined
  // `node:cluster` hands over one connection at a time, and closes a connection at most once.
  child.send = (...args: unknown[]) => {
    const [, handle] = args
    if (typeof handle === "object" && handle !== null) latest = handle
    return send(...args)
  }
  return () => latest?.close?.()
}
