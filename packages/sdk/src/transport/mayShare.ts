/**
 * Whether calls may wait for what other calls have begun, such as a batch. In Cloudflare Workers, the timers and fetches of
 * a request end when it has been answered, and calls of other requests that wait for them would never be answered.
 *
 * Next.js replaces `fetch` to detect whether a page depends on a response. A page whose call was answered by another page's
 * request would look static, and be stored with a verdict that outlives a revocation.
 */
export const mayShare = (): boolean =>
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent !== "Cloudflare-Workers" &&
  !("__nextPatched" in globalThis.fetch)
