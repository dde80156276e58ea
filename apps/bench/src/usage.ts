/** What a process has used since it began, by its own accounting. */
export interface Usage {
  /** User and system time of all its threads. */
  cpuMicros: number
  /** The most memory that it ever had resident. */
  peakRssBytes: number
  /** Comparisons and hashes, where they are counted. */
  bcrypts: number
}
