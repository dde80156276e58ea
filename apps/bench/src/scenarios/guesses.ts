import type { Bench } from "../bench.ts"
import { guessAt, spread } from "../keys.ts"
import { expectOnlyGood, goodRateOf } from "../load.ts"
import type { RunningContender } from "../runningContender.ts"
import { untilIdle } from "./scenarioServer.ts"

export interface GuessesResult {
  /** Accepted requests per second in each round, without and with guesses. */
  alone: number[]
  duringGuesses: number[]
  /** The number of guesses by status, in all rounds. */
  statuses: Record<string, number>
  bcrypts: number
}

/** More than the server's bcrypt queue holds, so that some guesses are rejected with 503. */
const GUESSING_CONNECTIONS = 100
const GUESSES_PER_SECOND = 200
const GUESSES = 5_000

/**
 * Good traffic alone, and during guesses at existing lookup ids without a usable receipt, so that each guess needs a
 * bcrypt. The server has one core for both.
 */
export async function measureGuesses(bench: Bench, server: RunningContender): Promise<GuessesResult> {
  const { scale, load } = bench
  const { guessable } = bench.databases.latchkey(scale.keys)
  const stream = { url: server.url, seconds: scale.seconds }
  const good = {
    ...stream,
    connections: scale.connections,
    credentials: { keys: spread(scale.active, scale.keys) },
  }
  const result: GuessesResult = { alone: [], duringGuesses: [], statuses: {}, bcrypts: 0 }
  const bcryptsBefore = (await server.process.usage()).bcrypts
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    const [alone] = await load.run(good)
    expectOnlyGood("good keys", alone)
    const [duringGuesses, guesses] = await load.run(good, {
      ...stream,
      connections: GUESSING_CONNECTIONS,
      rate: GUESSES_PER_SECOND,
      credentials: {
        header: "x-api-key",
        values: Array.from({ length: GUESSES }, (_, i) =>
          guessAt(guessable.from + (i % guessable.count), round * GUESSES + i),
        ),
      },
    })
    expectOnlyGood("good keys during guesses", duringGuesses)
    result.alone.push(goodRateOf(alone))
    result.duringGuesses.push(goodRateOf(duringGuesses))
    for (const [status, count] of Object.entries(guesses.statuses)) {
      result.statuses[status] = (result.statuses[status] ?? 0) + count
    }
    // Queued bcrypts would slow down the next round.
    await untilIdle(server)
    bench.progress(`round ${round} of ${scale.scenarioRounds}: guesses without a receipt`)
  }
  result.bcrypts = (await server.process.usage()).bcrypts - bcryptsBefore
  return result
}
