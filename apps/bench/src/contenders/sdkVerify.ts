import { createLatchkey } from "@latchkey/sdk"
import { INTROSPECTION_KEY } from "../keys.ts"
import { serveInProcess } from "./parts/serveInProcess.ts"

const latchkey = createLatchkey({ baseUrl: process.env.LATCHKEY_URL ?? "", apiKey: INTROSPECTION_KEY })

/** `verify` as an API calls it for each key that it receives. Its server is the one that is measured. */
serveInProcess(
  (apiKey) => apiKey,
  async (apiKey) => (await latchkey.verify(apiKey, { onUnavailable: "throw", timeout: 10_000 })).active,
)
