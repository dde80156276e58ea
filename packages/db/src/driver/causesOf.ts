/** An error and its causes, outermost first. */
export function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : []
}

/** Whether an error, or one of its causes, has such a code: a SQLSTATE, or one of Node's. */
export const hasCode = (error: unknown, codes: RegExp): boolean =>
  causesOf(error).some((cause) => "code" in cause && typeof cause.code === "string" && codes.test(cause.code))
