import { type Command, CommandFailure, WrongUsage } from "./command.ts"
import { doctor } from "./doctor.ts"
import { helpOf, overviewOf, usageOf } from "./help.ts"
import { importFile } from "./importFile.ts"
import type { CommandIo, ExitCode } from "./io.ts"
import { migrate } from "./migrate.ts"
import { printable, printableJson } from "./printable.ts"
import { resetPassword } from "./resetPassword.ts"
import { resetSecondFactor } from "./resetSecondFactor.ts"
import { restoreCheck } from "./restoreCheck.ts"
import { revokeWhere } from "./revokeWhere.ts"
import { scanRules } from "./scanRules.ts"
import { disableUser, enableUser } from "./users.ts"
import { explain } from "./withDatabase.ts"

/** The commands by name, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  migrate,
  doctor,
  import: importFile,
  "users disable": disableUser,
  "users enable": enableUser,
  "keys revoke-where": revokeWhere,
  "reset-password": resetPassword,
  "reset-second-factor": resetSecondFactor,
  "restore-check": restoreCheck,
  "scan-rules": scanRules,
}

/**
 * Runs the command `latchkey`.
 *
 * @returns the exit code: 0 if it is done, 1 if it has failed or the arguments are wrong, 2 as the command defines.
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const found = find(args)
  if (!found) {
    const isHelp = ["help", "--help", "-h"].includes(args[0] ?? "")
    for (const line of overviewOf(commands)) (isHelp ? io.print : io.printError)(line)
    return isHelp ? 0 : 1
  }
  const { name, command, rest } = found
  if (rest.includes("--help") || rest.includes("-h")) {
    for (const line of helpOf(name, command)) io.print(line)
    return 0
  }
  const isJson = rest.includes("--json")
  try {
    const { exitCode = 0, lines, errors = [], json } = await command.run(rest, io)
    if (isJson) io.print(printableJson(json))
    for (const line of isJson ? [] : lines) io.print(printable(line))
    for (const line of isJson ? [] : errors) io.printError(printable(line))
    return exitCode
  } catch (error) {
    const lines = linesAbout(error, name, command)
    if (isJson) io.print(printableJson({ error: lines[0] }))
    for (const line of lines) io.printError(printable(line))
    return 1
  }
}

function linesAbout(error: unknown, name: string, command: Command): readonly string[] {
  if (error instanceof WrongUsage) return [`usage: ${usageOf(name, command)}`]
  return error instanceof CommandFailure ? error.lines : [explain(error, command.subject ?? name)]
}

/** The command that the first argument names, or the first two. */
function find(args: readonly string[]): { name: string; command: Command; rest: string[] } | undefined {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(" ")
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command) return { name, command, rest: args.slice(words) }
  }
  return undefined
}
