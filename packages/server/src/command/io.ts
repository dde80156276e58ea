import { randomUUID } from "node:crypto"

/** The parts of its process that a command may use. */
export interface CommandIo {
  variables: NodeJS.ProcessEnv
  print(line: string): void
  printError(line: string): void
  /** Shows a temporary line on a terminal, in place of the last one; undefined without a terminal. */
  showProgress?: ((text: string) => void) | undefined
}

export type ExitCode = 0 | 1 | 2

/** The actor, as the audit trail records it. */
export const COMMAND_LINE = "command line"

/** The origin of a change, as the audit trail records it. */
export const fromCommandLine = () => ({ address: null, requestId: randomUUID(), device: null })
