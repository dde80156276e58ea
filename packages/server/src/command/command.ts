import { parseArgs } from "node:util"
import type { CommandIo, ExitCode } from "./io.ts"

/** An option of a command. Every command has `--json` and `--help` as well. */
export interface Option {
  type: "string" | "boolean"
  /** The placeholder for a string's value in the help, such as `<file>`. */
  value?: string
  about: string
}

type Values<Options extends Record<string, Option>> = {
  [Name in keyof Options]?: Options[Name]["type"] extends "string" ? string : boolean
}

/** The result of a command. */
export interface Outcome {
  /** 0 by default. */
  exitCode?: ExitCode
  /** For people. */
  lines: readonly string[]
  /** Lines about failures, for people. */
  errors?: readonly string[]
  /** For programs. */
  json: object
}

/** A command, without the parts that all commands share. */
interface Definition<Options extends Record<string, Option>> {
  about: string
  /** The operands after the command's name, such as `<email>`. */
  operands?: string
  /** The number of operands. */
  least?: number
  most?: number
  options: Options
  /** When it exits with 2; it never does by default. */
  exitsWith2?: string
  /** The subject of the message when the database fails, such as "the import". */
  subject?: string
  run(
    given: { operands: readonly string[]; options: Values<Options> },
    io: CommandIo,
  ): Outcome | Promise<Outcome>
}

export interface Command extends Omit<Definition<Record<string, Option>>, "run"> {
  run(args: readonly string[], io: CommandIo): Promise<Outcome>
}

/** The arguments don't fit the command. */
export class WrongUsage extends Error {
  override name = "WrongUsage"
}

/** A failure that is explained in lines. */
export class CommandFailure extends Error {
  override name = "CommandFailure"
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join("\n"))
    this.lines = lines
  }
}

export const failure = (...lines: string[]) => new CommandFailure(lines)

/** Creates a command that reads its arguments according to its definition. @throws {WrongUsage} from `run`. */
export function defineCommand<const Options extends Record<string, Option>>(
  definition: Definition<Options>,
): Command {
  const { options, least = 0, most = least } = definition
  const types = Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }]))
  return {
    ...definition,
    async run(args, io) {
      const { values, positionals } = read(args, types)
      if (positionals.length < least || positionals.length > most) throw new WrongUsage()
      const { json: _, ...given } = values
      return definition.run({ operands: positionals, options: given as Values<Options> }, io)
    },
  }
}

function read(args: readonly string[], options: Record<string, { type: "string" | "boolean" }>) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...options, json: { type: "boolean" } },
    })
  } catch {
    throw new WrongUsage()
  }
}
