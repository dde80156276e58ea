import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { RestoreLogError, reasonOf } from "../restoreLogError.ts"
import { commandEnvironment } from "./commandEnvironment.ts"
import {
  MAX_LIST_BYTES,
  MAX_OBJECT_BYTES,
  type ObjectStore,
  READ_MS,
  type StoreTimes,
  textOf,
  upTo,
  WRITE_MS,
} from "./objectStore.ts"

/**
 * Keeps objects by a command, which runs without a shell and gets one of these as its last arguments: `put NAME` with the
 * object on its standard input, `get NAME`, `remove NAME`, and `list`, which prints a name a line. Exit status 0 means success, and
 * after `put` that the object is durable. Its standard error is the server's.
 *
 * @param command the program and its first arguments, separated by spaces.
 * @param options.environment the environment of the server, of which the command gets no secrets.
 */
export function createCommandStore(
  command: string,
  { environment, writeMs = WRITE_MS, readMs = READ_MS }: StoreTimes & { environment: NodeJS.ProcessEnv },
): ObjectStore {
  const [program = "", ...first] = command.split(" ").filter(Boolean)
  const failure = (action: string, cause: unknown) =>
    cause instanceof RestoreLogError
      ? cause
      : new RestoreLogError(`${program} ${action} has failed (${reasonOf(cause)})`, { cause })

  async function* run(parameters: readonly string[], { ms, input = "" }: { ms: number; input?: string }) {
    const child = spawn(program, [...first, ...parameters], {
      stdio: ["pipe", "pipe", "inherit"],
      env: commandEnvironment(environment),
      // A group of its own, so that what the command starts ends with it.
      detached: true,
    })
    const closed = once(child, "close")
    // Awaited below, after the output.
    closed.catch(() => {})
    // Without a free file descriptor, it has no streams either.
    if (child.pid === undefined) await closed
    const ended = (how: string) => new RestoreLogError(`${program} ${parameters[0]} ${how}`)
    const timer = setTimeout(() => {
      kill(child)
      // A process of another group may hold it open.
      child.stdout.destroy(ended(`was not done after ${ms / 1_000} s`))
    }, ms)
    let unread: Error | undefined
    child.stdin.on("error", (error) => {
      unread = error
    })
    try {
      child.stdin.end(input)
      yield* child.stdout
      const [status, signal] = await closed
      if (status !== 0) throw ended(`has ended with ${status ?? signal}`)
      if (unread && input !== "") throw unread
    } finally {
      clearTimeout(timer)
      if (child.exitCode === null && child.signalCode === null) kill(child)
    }
  }

  async function change(parameters: readonly string[], input?: string) {
    try {
      const output = run(parameters, { ms: writeMs, ...(input !== undefined && { input }) })
      await textOf(MAX_LIST_BYTES, output)
    } catch (cause) {
      throw failure(parameters[0] ?? "", cause)
    }
  }

  return {
    place: program,
    async list() {
      try {
        const text = await textOf(MAX_LIST_BYTES, run(["list"], { ms: readMs }))
        return text.split("\n").map((line) => line.trim())
      } catch (cause) {
        throw failure("list", cause)
      }
    },
    async *read(name) {
      try {
        yield* upTo(MAX_OBJECT_BYTES, run(["get", name], { ms: readMs }))
      } catch (cause) {
        throw failure("get", cause)
      }
    },
    put: (name, text) => change(["put", name], text),
    remove: (name) => change(["remove", name]),
  }
}

/** Ends a command and what it has started. */
function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL")
  } catch {
    // It has just ended.
  }
}
