import { type ChildProcessByStdio, type SpawnOptions, spawn } from "node:child_process"
import type { Writable } from "node:stream"

/**
 * Starts a program that runs until the standard input closes: when this process closes it or dies.
 *
 * @param options.output a file descriptor for the program's output.
 */
export function spawnSupervised(
  command: readonly string[],
  { output = "ignore", ...options }: Omit<SpawnOptions, "stdio"> & { output?: number | "ignore" },
): ChildProcessByStdio<Writable, null, null> {
  const child = spawn("sh", ["-c", SUPERVISOR, "sh", ...command], {
    ...options,
    stdio: ["pipe", output, output],
  })
  return child as unknown as ChildProcessByStdio<Writable, null, null>
}

const SUPERVISOR = `
trap '' INT TERM HUP
"$@" &
cat >/dev/null
kill -TERM $! 2>/dev/null
wait $!
`
