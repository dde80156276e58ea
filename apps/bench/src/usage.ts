/** The resource usage of a process since its start, as it reports it. */
export interface Usage {
  /** User and system time of all its threads. */
  cpuMicros: number
  peakRssBytes: number
  /** Calls of `bcrypt.compare` and `bcrypt.hash`, if counted. */
  bcrypts: number
}
