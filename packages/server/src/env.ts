/** The environment of the host, for a command that keeps the restore log. The library itself reads no variables. */
export const environment: NodeJS.ProcessEnv = process.env
