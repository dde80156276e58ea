/**
 * The safety margin of a lease in milliseconds. The holder stops using the lease this much earlier, and those who wait for
 * its end wait this much longer. During a lease, two clocks can't drift apart by more.
 *
 * @param length of the lease in milliseconds.
 */
export const marginOf = (length: number): number => Math.max(50, length / 50)
