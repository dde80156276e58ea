/** An error with a code, like Node's system errors. */
export const codedError = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code })
