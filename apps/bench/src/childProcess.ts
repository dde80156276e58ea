import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Usage } from "./usage.ts"

const compiled = new URL("../dist/", import.meta.url)
const agent = new URL("agent.js", compiled).href

const running = new Set<ChildProcess>()

/** A Node process of the benchmark's own. */
export interface BenchProcess {
  pid: number
  /** What it has used since it began, as it says itself. */
  usage(): Promise<Usage>
  /** Waits for a message that has this field, and resolves with it. */
  hear<Answer>(field: string): Promise<Answer>
  /** Sends a message and hears the answer. */
  ask<Answer>(message: object | string, field: string): Promise<Answer>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a script in a process of its own, with the agent in it.
 *
 * @param script relative to `dist`.
 * @param options.core the core to keep it on; absent: where this process may run.
 */
export function startProcess(
  script: string,
  options: { env?: Record<string, string>; core?: string | undefined } = {},
): BenchProcess {
  const command = [process.execPath, "--import", agent, fileURLToPath(new URL(script, compiled))]
  const [file = "", ...args] = options.core ? ["taskset", "-c", options.core, ...command] : command
  const child = spawn(file, args, {
    env: { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "", ...options.env },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  })
  running.add(child)
  let errors = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4_000)
  })
  // Many wait for answers at the same time.
  child.setMaxListeners(100)
  child.once("exit", () => running.delete(child))
  child.on("error", () => {})

  function hear<Answer>(field: string) {
    return new Promise<Answer>((resolve, reject) => {
      function settle(act: () => void) {
        child.off("message", onMessage).off("exit", onExit)
        act()
      }
      function onMessage(message: unknown) {
        if (typeof message !== "object" || message === null || !(field in message)) return
        settle(() => resolve((message as Record<string, Answer>)[field] as Answer))
      }
      function onExit() {
        settle(() => reject(new Error(`${script} ended\n${errors}`)))
      }
      child.on("message", onMessage).on("exit", onExit)
      if (child.exitCode !== null || child.signalCode !== null) onExit()
    })
  }
  function ask<Answer>(message: object | string, field: string) {
    const answer = hear<Answer>(field)
    // A process that can't be sent to is about to end, of which `hear` will tell.
    child.send(message, () => {})
    return answer
  }
  async function stop() {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, "exit")
    child.kill("SIGKILL")
    await exited
  }
  return {
    get pid() {
      return child.pid ?? 0
    },
    usage: () => ask<Usage>("usage", "usage"),
    hear,
    ask,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Ends whatever is still running. */
export async function stopAllProcesses(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const exited = once(child, "exit")
      child.kill("SIGKILL")
      await exited
    }),
  )
}
