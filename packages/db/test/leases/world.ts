import type { Clocks } from "../../src/leases/clocks.ts"

/**
 * The depth of the longest chain of promises that an event causes. A deeper one would continue during the next event.
 */
const MICROTASKS = 12

/** Simulated time, in which everything happens in one order that the seed determines. */
export class World {
  now = 0
  #events: { at: number; order: number; run: () => void }[] = []
  #order = 0
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0 to 1 (mulberry32). */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[Math.floor(this.random() * values.length)]
    if (value === undefined) throw new TypeError("nothing to pick from")
    return value
  }

  in(ms: number, run: () => void): void {
    const event = { at: this.now + Math.max(0, ms), order: this.#order++, run }
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#events[middle]
      if (other && (other.at > event.at || (other.at === event.at && other.order > event.order)))
        low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
  }

  delay(ms: number): Promise<void> {
    return new Promise((resolve) => this.in(ms, resolve))
  }

  /** Lets time pass. Everything that an event causes at once happens before the next event. */
  async run(until: number): Promise<void> {
    for (;;) {
      const next = this.#events.at(-1)
      if (!next || next.at > until) break
      this.#events.pop()
      this.now = next.at
      next.run()
      for (let depth = 0; depth < MICROTASKS; depth++) await undefined
    }
    this.now = until
  }
}

/** A process on its own machine. The process may be stopped or die, and the machine may sleep, at any time. */
export class Machine {
  readonly clocks: Clocks
  isDead = false
  #world: World
  #resumesAt = 0
  #slept = 0
  #step = 0
  #rate: number

  constructor(world: World, { rate }: { rate: number }) {
    this.#world = world
    this.#rate = rate
    const wallRate = rate * (1 + world.between(-0.0005, 0.0005))
    this.clocks = {
      steady: () => (world.now - this.#slept) * this.#rate,
      wall: () => world.now * wallRate + this.#step,
      after: (ms, call) => {
        let isCancelled = false
        const due = this.clocks.steady() + ms
        const wake = () => {
          const left = due - this.clocks.steady()
          if (left > 0.001) return world.in(left / this.#rate, wake)
          this.run(() => {
            if (!isCancelled) call()
          })
        }
        world.in(ms / this.#rate, wake)
        return () => {
          isCancelled = true
        }
      },
      sleep: (ms) =>
        new Promise((resolve) => {
          this.clocks.after(ms, () => resolve(undefined))
        }),
    }
  }

  /** Runs code of the process now, or once the process continues. */
  run(code: () => void): void {
    if (this.isDead) return
    const wait = this.#resumesAt - this.#world.now
    if (wait > 0) this.#world.in(wait, () => this.run(code))
    else code()
  }

  /** SIGSTOP: the clocks keep running. */
  stop(ms: number): void {
    this.#resumesAt = Math.max(this.#resumesAt, this.#world.now + ms)
  }

  /** The machine sleeps: the steady clock stops. */
  sleep(ms: number): void {
    this.stop(ms)
    const until = this.#world.now + ms
    const before = this.clocks.steady()
    this.#slept += ms
    // The steady clock stands still for now, and later continues from this value.
    this.#freeze(before, until)
  }

  /** The wall clock is set. */
  setClock(ms: number): void {
    this.#step += ms
  }

  #freeze(value: number, until: number) {
    const { steady } = this.clocks
    this.clocks.steady = () => (this.#world.now < until ? value : steady())
  }
}
