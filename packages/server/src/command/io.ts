/** What a command may use of its process. */
export interface CommandIo {
  variables: NodeJS.ProcessEnv
  print(line: string): void
  printError(line: string): void
  /** Replaces the last line of a terminal, which is not kept; undefined without a terminal. */
  showProgress?: ((text: string) => void) | undefined
}

export type ExitCode = 0 | 1 | 2

/** A command, given the arguments after its name. @returns the exit code; null if the arguments are not its own. */
export type Command = (args: string[], io: CommandIo) => ExitCode | null | Promise<ExitCode | null>
