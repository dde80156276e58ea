import type { Logger as HandlerLogger } from "@latchkey/api"
import type { Logger } from "../options/options.ts"
import { withoutErrors } from "../withoutErrors.ts"

const SILENT: HandlerLogger = {
  isLevelEnabled: () => false,
  info() {},
  warn() {},
  error() {},
}

/**
 * The host's logger as the handler uses it; without one, nothing is logged. Its errors are dropped, as some loggers throw once
 * they are closed, and asynchronous ones reject: neither a response nor work in the background may depend on it.
 */
export function toHandlerLogger(logger: Logger | undefined): HandlerLogger {
  if (!logger) return SILENT
  return {
    isLevelEnabled: (level) => withoutErrors(() => logger.isLevelEnabled?.(level)) ?? true,
    info: (details, message) => withoutErrors(() => logger.info(details, message)),
    warn: (message) => withoutErrors(() => logger.warn({}, message)),
    error: (details, message) => withoutErrors(() => logger.error(details, message)),
  }
}
