import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { openSync } from "node:fs"
import { promisify } from "node:util"

/** Runs a program to its end. @throws with what it printed. */
export async function run(command: readonly string[]): Promise<string> {
  const [program = "", ...parameters] = command
  const { stdout } = await promisify(execFile)(program, parameters, { maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

/** Runs a program whose failure means nothing, such as that what it removes is not there. */
export const tryToRun = (command: readonly string[]): Promise<string> => run(command).catch(() => "")

/** Starts a program whose output goes to the end of a file. It ends with `stopProcess`. */
export function startProcess(
  command: readonly string[],
  { log, env }: { log: string; env?: Record<string, string> },
): ChildProcess {
  const [program = "", ...parameters] = command
  const output = openSync(log, "a")
  const child = spawn(program, parameters, {
    stdio: ["ignore", output, output],
    env: { ...process.env, ...env },
  })
  child.on("error", () => {})
  return child
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGKILL")
  await exited
}
