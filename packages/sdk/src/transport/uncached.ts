/**
 * Keeps the platform from caching a response. Next.js would keep returning a stored one after its key was revoked,
 * whatever the response's own `Cache-Control` says. Older Cloudflare Workers have no such cache, and throw for the
 * option; creating a `Request` reveals that without sending anything.
 */
export function uncached(): { cache?: "no-store" } {
  const options = { cache: "no-store" } as const
  try {
    new Request("https://latchkey.invalid", { method: "GET", ...options })
    return options
  } catch {
    return {}
  }
}

/**
 * A header that makes each request unique. Pages and layouts of Next.js with `fetchCache = "force-cache"` override the option
 * above, but look stored responses up by all headers.
 */
export const unique = () => ({ "X-Latchkey-Nonce": String(Math.random()) })
