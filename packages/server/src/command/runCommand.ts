import { importFile } from "./importFile.ts"
import type { Command, CommandIo, ExitCode } from "./io.ts"
import { migrate } from "./migrate.ts"
import { scanRules } from "./scanRules.ts"

const USAGE = `usage: latchkey migrate [--check]
       latchkey scan-rules [gitleaks | trufflehog | github] [--prefix <prefix>]
       latchkey import <file.ndjson> [--dry-run] [--json] [--report <file>] [--issuer <issuer>]
                       [--format better-auth | unkey] [--length <characters>]`

const commands: Record<string, Command> = { migrate, "scan-rules": scanRules, import: importFile }

/** Runs the command `latchkey`. @returns the exit code: 0 for success, 1 for a failure, 2 for a pending migration or refused lines. */
export async function runCommand([name = "", ...args]: readonly string[], io: CommandIo): Promise<ExitCode> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  const exitCode = (await command?.(args, io)) ?? null
  if (exitCode !== null) return exitCode
  io.printError(USAGE)
  return 1
}
