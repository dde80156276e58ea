import { createHash, hash } from "node:crypto"
import type { SignedLine } from "./logLine.ts"
import { RestoreLogError } from "./restoreLogError.ts"
import type { LogSink } from "./sinks/logSink.ts"
import { newName } from "./sinks/objectName.ts"

/** An object that is longer gets no further line. */
const OBJECT_LENGTH = 8 * 1024 * 1024

/**
 * Writes lines to new objects, and reads each of them back.
 *
 * @param options.time when their names say that they were created, in milliseconds.
 * @throws {RestoreLogError} if they can't be stored.
 */
export async function writeObjects(
  sink: LogSink,
  lines: AsyncIterable<SignedLine>,
  { time }: { time: number },
): Promise<void> {
  let text = ""
  for await (const line of lines) {
    text += line.text
    if (text.length < OBJECT_LENGTH) continue
    await write(sink, text, time)
    text = ""
  }
  if (text !== "") await write(sink, text, time)
}

async function write(sink: LogSink, text: string, time: number): Promise<void> {
  const name = newName(new Date(time))
  await sink.put(name, text)
  const stored = createHash("sha256")
  for await (const line of sink.read(name)) stored.update(`${line}\n`)
  if (stored.digest("hex") !== hash("sha256", text))
    throw new RestoreLogError("an object of the restore log is not as it was written")
}
