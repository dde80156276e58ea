/** The handler's log. Pino's loggers implement it. */
export interface Logger {
  isLevelEnabled(level: "info" | "error"): boolean
  info(details: object, message: string): void
  warn(message: string): void
  error(details: object, message: string): void
}
