import pino, { type Logger } from "pino"
import { createLineWriter } from "./createLineWriter.ts"

export type Log = Logger

/**
 * Creates the log, which writes JSON lines to `output`.
 *
 * @param worker the number of the worker that writes it, if there are several.
 */
export const createLog = (level: string, output = createLineWriter(), worker?: number): Log =>
  pino({ level, base: worker === undefined ? null : { worker } }, output)
