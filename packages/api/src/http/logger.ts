/** What the handler writes its log to; pino's loggers fit. */
export interface Logger {
  isLevelEnabled(level: "info" | "error"): boolean
  info(details: object, message: string): void
  warn(message: string): void
  error(details: object, message: string): void
}
