/** An error and its causes, outermost first. */
export function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : []
}

/** The codes of an error and its causes, outermost first: PostgreSQL's SQLSTATEs, or Node's codes. */
const codesOf = (error: unknown): string[] =>
  causesOf(error).flatMap((cause) => ("code" in cause && typeof cause.code === "string" ? [cause.code] : []))

/** The first code among an error and its causes: a SQLSTATE, or one of Node's. */
export const codeOf = (error: unknown): string | undefined => codesOf(error)[0]

/** Whether an error, or one of its causes, has such a code: a SQLSTATE, or one of Node's. */
export const hasCode = (error: unknown, codes: RegExp): boolean =>
  codesOf(error).some((code) => codes.test(code))
