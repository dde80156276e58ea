import { createCommandStore } from "./commandStore.ts"
import { createDirectorySink } from "./directorySink.ts"
import { createHttpStore } from "./httpStore.ts"
import type { LogSink } from "./logSink.ts"
import { createObjectSink } from "./objectSink.ts"
import { COMMAND, isHttp } from "./place.ts"

/** Opens the place of a log, in which `findPlaceProblem` has found none. Reaches nothing yet. */
export function openSink(place: string, options: { token?: string | undefined } = {}): LogSink {
  if (place.startsWith(COMMAND)) return createObjectSink(createCommandStore(place.slice(COMMAND.length)))
  if (isHttp(place)) return createObjectSink(createHttpStore(place.replace(/\/*$/, "/"), options))
  return createDirectorySink(place)
}
