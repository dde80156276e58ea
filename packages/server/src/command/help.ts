import type { Command } from "./command.ts"

const JSON_OPTION = ["--json", "print one line of JSON"] as const
const HELP_OPTION = ["--help", "print this help"] as const

/** The usage of a command, in one line. */
export function usageOf(name: string, { operands, options }: Command): string {
  const flags = Object.entries(options).map(([option, { value }]) => `[${withValue(option, value)}]`)
  return ["latchkey", name, operands, ...flags, "[--json]"].filter(Boolean).join(" ")
}

/** The full help of a command. */
export function helpOf(name: string, command: Command): string[] {
  const rows = Object.entries(command.options).map(
    ([option, { value, about }]) => [withValue(option, value), about] as const,
  )
  return [
    `usage: ${usageOf(name, command)}`,
    "",
    command.about,
    "",
    ...inColumns([...rows, JSON_OPTION, HELP_OPTION]),
    "",
    ...exitCodesOf(command),
  ]
}

/** The list of all commands. */
export const overviewOf = (commands: Readonly<Record<string, Command>>): string[] => [
  "usage: latchkey <command> [--json] [--help]",
  "",
  ...inColumns(Object.entries(commands).map(([name, { about }]) => [name, about])),
  "",
  "latchkey <command> --help describes a command.",
]

const exitCodesOf = ({ exitsWith2 }: Command): string[] => [
  "exit codes: 0 done; 1 failed, or wrong arguments",
  ...(exitsWith2 === undefined ? [] : [`            2 ${exitsWith2}`]),
]

const withValue = (option: string, value: string | undefined) => `--${option}${value ? ` ${value}` : ""}`

function inColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`)
}
