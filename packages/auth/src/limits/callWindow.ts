/** A window of a limit, as stored in the database. */
export interface StoredWindow {
  /** The time of its first call, in milliseconds of the database's clock. */
  startedAt: number
  /** The calls of all instances that have been written. */
  calls: number
}

/** Connections read the clock at slightly different times, and a standby that takes over has another clock. */
const CLOCK_LEEWAY_MS = 1_000

/**
 * Whether a window that began at `startedAt` is not over. A window that begins in the future comes from a clock that
 * was ahead.
 *
 * @param seconds its length.
 */
export const isOpen = (startedAt: number, { now, seconds }: { now: number; seconds: number }) =>
  startedAt <= now + CLOCK_LEEWAY_MS && now < startedAt + seconds * 1000

/**
 * What one instance knows about a window: the calls in the database, and its own calls that have not been written
 * yet. It never counts a call twice, so that no key is refused too early. A total that was read while own calls were
 * being written may or may not include them. If it is too small to include them, they are added to it.
 */
export class CallWindow {
  /** The largest total that was read. */
  #seen: number
  /** A total that does not include the calls that are being written. */
  #before: number
  /** Calls that are being written. */
  #sent = 0
  #unsent = 0
  #startedAt: number
  /** Whether the database has the window. Until then another instance may have opened it as well. */
  #isStored: boolean

  private constructor({ startedAt, calls }: StoredWindow, isStored: boolean) {
    this.#startedAt = startedAt
    this.#seen = calls
    this.#before = calls
    this.#isStored = isStored
  }

  static begin(now: number): CallWindow {
    return new CallWindow({ startedAt: Math.floor(now), calls: 0 }, false)
  }

  static fromStored(stored: StoredWindow): CallWindow {
    return new CallWindow(stored, true)
  }

  get startedAt(): number {
    return this.#startedAt
  }

  /** The number of known calls, which is at most the real number. */
  get calls(): number {
    return Math.max(this.#before + this.#sent, this.#seen) + this.#unsent
  }

  add(): void {
    this.#unsent++
  }

  /**
   * Takes a read of the database into account.
   *
   * @returns false if the database has a newer window, which replaces this one.
   */
  observe(stored: StoredWindow): boolean {
    if (this.#isStored && stored.startedAt > this.#startedAt) return false
    // A read that began before the last write shows an earlier state.
    if (!this.#isStored || stored.startedAt === this.#startedAt) this.#adopt(stored)
    return true
  }

  /** Begins to write the calls that have not been written. @returns how many. */
  send(): number {
    this.#before = Math.max(this.#before, this.#seen)
    this.#sent = this.#unsent
    this.#unsent = 0
    return this.#sent
  }

  /** Called when the calls have been written to a window: this one, or one that another instance had opened before. */
  written(to: StoredWindow): void {
    this.#adopt(to)
    this.#before = this.#seen
    this.#sent = 0
  }

  /** Called when the calls have not been written, as far as is known. */
  notWritten(): void {
    this.#unsent += this.#sent
    this.#sent = 0
  }

  #adopt({ startedAt, calls }: StoredWindow) {
    this.#seen = startedAt === this.#startedAt ? Math.max(this.#seen, calls) : calls
    if (calls < this.#before + this.#sent) this.#before = Math.max(this.#before, calls)
    this.#startedAt = startedAt
    this.#isStored = true
  }
}
