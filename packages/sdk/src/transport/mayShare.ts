/**
 * Whether calls may wait for what other calls have begun, such as a batch. In Cloudflare Workers, the timers and fetches of
 * a request end when it has been answered, and calls of other requests that wait for them would never be answered. Vercel's
 * edge runtime may run there.
 *
 * Next.js replaces `fetch` to detect whether a page depends on a response. A page whose call was answered by another page's
 * request would look static, and be stored with a verdict that outlives a revocation.
 */
export const mayShare = (): boolean => !isWorker() && !isNext()

/** Only Workers have socket pairs. With a compatibility date before 2022-03-21, they have no `navigator`. */
const isWorker = () => "WebSocketPair" in globalThis || "EdgeRuntime" in globalThis

/** Something may have wrapped Next's `fetch`. From version 15 on, Next.js also marks the global object. */
const isNext = () => "__nextPatched" in globalThis.fetch || Symbol.for("next-patch") in globalThis
