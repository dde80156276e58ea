import type { RequestObserver } from "@latchkey/api"
import type { Auth, AuthObserver } from "@latchkey/auth"
import type { DatabaseHandle, ObserveStatement } from "@latchkey/db"
import { createAuthTelemetry } from "./authTelemetry.ts"
import { findOpenTelemetry } from "./findOpenTelemetry.ts"
import { measureLeaseWaits } from "./measureLeaseWaits.ts"
import { createRequestTelemetry, type Fetch } from "./requestTelemetry.ts"
import { createStatementTelemetry } from "./statementTelemetry.ts"
import { createTracing } from "./tracing.ts"
import { watchConnections } from "./watchConnections.ts"

/**
 * OpenTelemetry traces and metrics, named according to its semantic conventions. No attribute contains a credential,
 * an email, an address, or text from a client; the path of a request can contain such text, so only its route is
 * recorded.
 */
export interface Telemetry {
  authObserver: AuthObserver
  requestObserver: RequestObserver
  onStatement: ObserveStatement
  onLeaseWait(seconds: number): void
  traceFetch(fetch: Fetch): Fetch
  traceAuth(auth: Auth): Auth
  watchConnections(usage: DatabaseHandle["usage"]): () => void
}

const NAME = "@latchkey/server"

/** Returns null unless an SDK has been registered. Without one, nothing is wrapped, and there is no cost. */
export function createTelemetry(warn: (why: string) => void): Telemetry | null {
  const api = findOpenTelemetry(warn)
  if (!api) return null
  const tracing = createTracing(api, NAME)
  return {
    ...createAuthTelemetry(tracing),
    ...createRequestTelemetry(tracing),
    onStatement: createStatementTelemetry(tracing),
    onLeaseWait: measureLeaseWaits(tracing),
    watchConnections: (usage) => watchConnections(tracing, usage),
  }
}
