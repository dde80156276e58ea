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
