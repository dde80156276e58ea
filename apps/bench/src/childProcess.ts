import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Usage } from "./usage.ts"

const compiled = new URL("../dist/", import.meta.url)
const agent = new URL("agent.js", compiled).href

const running = new Set<ChildProcess>()

/** A Node process started by the benchmark. */
export interface BenchProcess {
  pid: number
  /** Its resource usage since its start, as reported by its agent. */
  usage(): Promise<Usage>
  /** Resolves with this field of the next message that has it. */
  receive<Reply>(field: string): Promise<Reply>
  /** Sends a message and receives the reply. */
  request<Reply>(message: object | string, field: string): Promise<Reply>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a script in its own process, with the agent preloaded.
 *
 * @param script relative to `dist`.
 * @param options.core the core to pin it to; default: the cores of this process.
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
  // Many replies can be awaited at the same time.
  child.setMaxListeners(100)
  child.once("exit", () => running.delete(child))
  child.on("error", () => {})

  function receive<Reply>(field: string) {
    return new Promise<Reply>((resolve, reject) => {
      function settle(resolveOrReject: () => void) {
        child.off("message", onMessage).off("exit", onExit)
        resolveOrReject()
      }
      function onMessage(message: unknown) {
        if (typeof message !== "object" || message === null || !(field in message)) return
        settle(() => resolve((message as Record<string, Reply>)[field] as Reply))
      }
      function onExit() {
        settle(() => reject(new Error(`${script} exited\n${errors}`)))
      }
      child.on("message", onMessage).on("exit", onExit)
      if (child.exitCode !== null || child.signalCode !== null) onExit()
    })
  }
  function request<Reply>(message: object | string, field: string) {
    const reply = receive<Reply>(field)
    // A failure to send is ignored: the process is exiting, and `receive` will reject.
    child.send(message, () => {})
    return reply
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
    usage: () => request<Usage>("usage", "usage"),
    receive,
    request,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Kills all processes that are still running. */
export async function stopAllProcesses(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const exited = once(child, "exit")
      child.kill("SIGKILL")
      await exited
    }),
  )
}
