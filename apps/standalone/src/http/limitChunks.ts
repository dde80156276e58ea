import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { MAX_CHUNKS } from "@latchkey/api"

/**
 * Refuses requests whose body arrives in very many chunks. A chunk of one byte takes 6 bytes on the wire, and costs as much
 * as thousands of bytes in one piece. All chunks that the kernel holds are parsed in one turn of the event loop, so 100 such
 * clients would stop it for half a minute. The app counts them too, but only once the parser is done.
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
