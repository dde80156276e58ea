import type { Worker } from "node:cluster"
import type { Answers, Asked, Question, Told } from "./messages.ts"

let asked = 0

/**
 * Asks a worker.
 *
 * @returns undefined if the worker ends, or does not answer in so many milliseconds.
 */
export function ask<Q extends Question>(
  worker: Worker,
  question: Q,
  milliseconds: number,
): Promise<Answers[Q] | undefined> {
  const id = ++asked
  return new Promise((resolve) => {
    function end(answer?: Answers[Q]) {
      clearTimeout(timer)
      worker.off("message", onMessage)
      worker.off("disconnect", onDisconnect)
      resolve(answer)
    }
    function onMessage(told: Told) {
      if (told.kind === "answer" && told.id === id) end(told.answer as Answers[Q])
    }
    const onDisconnect = () => end()
    const timer = setTimeout(end, milliseconds)
    worker.on("message", onMessage)
    worker.on("disconnect", onDisconnect)
    tell(worker, { id, question }, onDisconnect)
  })
}

/** Without a callback, an error would become an `error` event of the worker. */
function tell(worker: Worker, message: Asked, onError: () => void) {
  if (!worker.isConnected()) return onError()
  worker.send(message, undefined, {}, (error) => {
    if (error) onError()
  })
}

/** Asks all workers at once. The result leaves out those that don't answer. */
export async function askAll<Q extends Question>(
  workers: readonly Worker[],
  question: Q,
  milliseconds: number,
): Promise<Answers[Q][]> {
  const answers = await Promise.all(workers.map((worker) => ask(worker, question, milliseconds)))
  return answers.filter((answer) => answer !== undefined)
}
