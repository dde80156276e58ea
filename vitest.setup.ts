import { afterAll, vi } from "vitest"

// Test files share a process (`isolate: false`), and vitest itself restores only mocks between them.
afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})
