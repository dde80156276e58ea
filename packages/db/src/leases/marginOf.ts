/**
 * The milliseconds by which a lease is shorter for its holder, and longer for those who wait for its end. Two clocks
 * can't drift apart by more in that time.
 *
 * @param length of the lease in milliseconds.
 */
export const marginOf = (length: number): number => Math.max(50, length / 50)
