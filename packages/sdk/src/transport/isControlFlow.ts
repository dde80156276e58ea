/**
 * Whether an error is how Next.js itself ends a rendering: a page that it tries to prerender, for example, can't be static
 * once it calls. Next.js has to get such an error unchanged.
 */
export const isControlFlow = (error: unknown): boolean =>
  typeof (error as { digest?: unknown } | undefined)?.digest === "string"
