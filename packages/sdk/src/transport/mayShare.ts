/**
 * Whether calls may wait for what other calls have begun, such as a batch. In Cloudflare Workers, the timers and fetches of
 * a request end when it has been answered, and calls of other requests that wait for them would never be answered.
 */
export const mayShare = (): boolean =>
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent !== "Cloudflare-Workers"
