import type { Command, CommandIo, ExitCode } from "./io.ts"
import { migrate } from "./migrate.ts"
import { scanRules } from "./scanRules.ts"

const USAGE = `usage: latchkey migrate [--check]
       latchkey scan-rules [gitleaks | trufflehog | github] [--prefix <prefix>]`

const commands: Record<string, Command> = { migrate, "scan-rules": scanRules }

/** Runs the command `latchkey`. @returns the exit code: 0 for success, 1 for a failure, 2 for a pending migration. */
export async function runCommand([name = "", ...args]: readonly string[], io: CommandIo): Promise<ExitCode> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  const exitCode = (await command?.(args, io)) ?? null
  if (exitCode !== null) return exitCode
  io.printError(USAGE)
  return 1
}
