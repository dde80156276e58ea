import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** Far more chunks than a body has that was not cut up on purpose. */
const MAX_CHUNKS = 1_000

/**
 * Refuses requests whose body arrives in very many chunks. A chunk of one byte takes 6 bytes on the wire, and costs as much
 * as thousands of bytes in one piece. All chunks that the kernel holds are parsed in one turn of the event loop, so 100 such
 * clients would stop it for half a minute.
 *
 * @param refuse called once for such a request. It must close the connection.
 */
export function limitChunks(
  server: Server,
  refuse: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): void {
  server.on("request", (incoming, outgoing) => {
    const push = incoming.push
    let chunks = 0
    // Node's parser calls this for each chunk, whether or not somebody reads the body.
    incoming.push = (chunk, encoding) => {
      if (chunks > MAX_CHUNKS) return false
      if (chunk === null || ++chunks <= MAX_CHUNKS) return push.call(incoming, chunk, encoding)
      // Not at once, because the parser is in the middle of its buffer.
      setImmediate(refuse, incoming, outgoing)
      // Node stops reading from the connection. The body stays incomplete, even if its end has arrived.
      return false
    }
  })
}
