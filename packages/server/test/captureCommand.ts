import { runCommand } from "../src/command/runCommand.ts"

/** Runs a command, and captures what it prints. */
export async function captureCommand(args: string[], variables: NodeJS.ProcessEnv) {
  const [printed, errors, shown]: [string[], string[], string[]] = [[], [], []]
  const exitCode = await runCommand(args, {
    variables,
    print: (line) => printed.push(line),
    printError: (line) => errors.push(line),
    showProgress: (text) => shown.push(text),
  })
  return { exitCode, printed, errors, shown, json: () => JSON.parse(printed.join("")) }
}
