import type { Logger as HandlerLogger } from "@latchkey/api"
import type { Logger } from "../options/options.ts"

const SILENT: HandlerLogger = {
  isLevelEnabled: () => false,
  info() {},
  warn() {},
  error() {},
}

/** The host's logger as the handler uses it; without one, nothing is logged. */
export function toHandlerLogger(logger: Logger | undefined): HandlerLogger {
  if (!logger) return SILENT
  return {
    isLevelEnabled: (level) => logger.isLevelEnabled?.(level) ?? true,
    info: (details, message) => logger.info(details, message),
    warn: (message) => logger.warn({}, message),
    error: (details, message) => logger.error(details, message),
  }
}
