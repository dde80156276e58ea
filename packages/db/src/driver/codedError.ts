/** An error with a code, as Node's system errors have one. */
export const codedError = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code })
