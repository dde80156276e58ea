import { createHash, hash } from "node:crypto"
import type { SignedLine } from "./logLine.ts"
import { RestoreLogError } from "./restoreLogError.ts"
import type { LogSink } from "./sinks/logSink.ts"
import { newName } from "./sinks/objectName.ts"

/** An object that is longer gets no further line. */
const OBJECT_LENGTH = 8 * 1024 * 1024

/**
 * Writes lines to new objects, and reads each of them back. If that fails, the objects are removed, so that they take no
 * space from the log itself.
 *
 * @param options.time when their names say that they were created, in milliseconds.
 * @throws {RestoreLogError} if they can't be stored.
 */
export async function writeObjects(
  sink: LogSink,
  lines: AsyncIterable<SignedLine>,
  { time }: { time: number },
): Promise<void> {
  const names: string[] = []
  async function write(text: string) {
    const name = newName(new Date(time))
    // An object may be stored although the store has failed.
    names.push(name)
    await put(sink, name, text)
  }
  try {
    let text = ""
    for await (const line of lines) {
      text += line.text
      if (text.length < OBJECT_LENGTH) continue
      await write(text)
      text = ""
    }
    if (text !== "") await write(text)
  } catch (error) {
    for (const name of names) await sink.remove(name).catch(() => {})
    throw error
  }
}

async function put(sink: LogSink, name: string, text: string): Promise<void> {
  await sink.put(name, text)
  const stored = createHash("sha256")
  for await (const line of sink.read(name)) stored.update(`${line}\n`)
  if (stored.digest("hex") !== hash("sha256", text))
    throw new RestoreLogError("an object of the restore log is not as it was written")
}
