/**
 * Keeps the platform's caches away from an answer: Next.js would go on answering with one that it has stored, after
 * the key in it was revoked, whatever the answer's own `Cache-Control` says. Older Cloudflare Workers have no such
 * cache, and throw at the option; a `Request` tells so without sending anything.
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
