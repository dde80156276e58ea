/**
 * Where a restore log is kept: objects with a name, each with lines of text. Each process writes its own objects, so
 * no lock is needed. Storing a line twice or late does no harm.
 */
export interface LogSink {
  /** For messages, without secrets. */
  readonly place: string
  /** Adds lines. They are durable when it resolves. @throws {RestoreLogError} */
  append(text: string): Promise<void>
  /** The names of all objects that have lines, in the order of their creation. @throws {RestoreLogError} */
  list(): Promise<string[]>
  /** The lines of an object. @throws {ObjectGone} if another process has removed it. @throws {RestoreLogError} */
  read(name: string): AsyncIterable<string>
  /** Stores an object as a whole. It is durable when it resolves. @throws {RestoreLogError} */
  put(name: string, text: string): Promise<void>
  /** Removes an object, unless it is gone. @throws {RestoreLogError} */
  remove(name: string): Promise<void>
  close(): Promise<void>
}

/** An object was removed, because another one has its lines. */
export class ObjectGone extends Error {
  override name = "ObjectGone"
}
