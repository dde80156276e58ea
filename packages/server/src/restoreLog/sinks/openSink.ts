import { createCommandStore } from "./commandStore.ts"
import { createDirectorySink } from "./directorySink.ts"
import { createHttpStore } from "./httpStore.ts"
import type { LogSink } from "./logSink.ts"
import { createObjectSink } from "./objectSink.ts"
import { COMMAND, isHttp } from "./place.ts"

export interface SinkOptions {
  /** The bearer token for an HTTP server. */
  token: string | undefined
  /** The environment of the server, of which a command gets no secrets. */
  environment: NodeJS.ProcessEnv
}

/** Opens the place of a log, in which `findPlaceProblem` has found none. Reaches nothing yet. */
export function openSink(place: string, { token, environment }: SinkOptions): LogSink {
  if (place.startsWith(COMMAND)) {
    return createObjectSink(createCommandStore(place.slice(COMMAND.length), { environment }))
  }
  if (isHttp(place)) return createObjectSink(createHttpStore(place.replace(/\/*$/, "/"), { token }))
  return createDirectorySink(place)
}
