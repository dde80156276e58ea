import pino, { type Logger } from "pino"
import { createLineWriter } from "./createLineWriter.ts"

export type Log = Logger

/** Creates the log, which writes JSON lines to `output`. */
export const createLog = (level: string, output = createLineWriter()): Log =>
  pino({ level, base: null }, output)
