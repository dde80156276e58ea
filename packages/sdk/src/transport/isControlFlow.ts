/**
 * Whether an error is one by which Next.js controls rendering, such as `DYNAMIC_SERVER_USAGE`, which makes a page dynamic
 * instead of static. Next.js has to receive it unchanged.
 */
export const isControlFlow = (error: unknown): boolean =>
  typeof (error as { digest?: unknown } | undefined)?.digest === "string"
