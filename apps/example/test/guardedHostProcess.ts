import { startGuardedHost } from "./guardedHost.ts"

// A host in a separate process. Its parent sends the options, and receives the URL.
process.once("message", async (options: Parameters<typeof startGuardedHost>[0]) => {
  const { url } = await startGuardedHost(options)
  process.send?.({ url })
})
process.once("disconnect", () => process.exit())
