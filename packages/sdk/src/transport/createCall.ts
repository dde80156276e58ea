import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server"
import type { AppRouter } from "../appRouter.ts"
import type { Credential } from "../credentials/credential.ts"
import type { CredentialHeaders } from "../credentials/credentialHeaders.ts"
import { LatchkeyError } from "../latchkeyError.ts"
import type { CallOptions } from "../options.ts"
import type { Transport } from "./createTransport.ts"
import { toLatchkeyError } from "./toLatchkeyError.ts"
import { checkTimeout, withDeadline } from "./withDeadline.ts"
import { withRetries } from "./withRetries.ts"

/** Groups of procedures by full name, such as `admin.users`. */
type Grouped<Router extends { admin: object }> = Omit<Router, "admin"> & {
  [Name in keyof Router["admin"] & string as `admin.${Name}`]: Router["admin"][Name]
}
type Inputs = Grouped<inferRouterInputs<AppRouter>>
type Outputs = Grouped<inferRouterOutputs<AppRouter>>

export interface CallDetails extends CallOptions {
  kind: "query" | "mutation"
  credential: Credential
  /** A mutation that can be repeated safely, and so is retried like a query. */
  isRepeatable?: boolean
  /** Whether to send it in a separate request. */
  isAlone?: boolean
}

/** Makes one API call, with its refreshes and retries, within one deadline. */
export type Call = <
  Group extends keyof Outputs,
  Name extends keyof Outputs[Group] & keyof Inputs[Group] & string,
>(
  group: Group,
  name: Name,
  input: Inputs[Group][Name],
  details: CallDetails,
) => Promise<Outputs[Group][Name]>

export function createCall(transport: Transport, defaults: { timeout: number; retries: number }): Call {
  async function call(group: string, name: string, input: unknown, details: CallDetails) {
    const { kind, credential, signal, timeout = defaults.timeout, isAlone, isRepeatable } = details
    const retryKind = isRepeatable ? "query" : kind
    const path = `${group}.${name}`
    try {
      return await withDeadline({ signal, timeout: checkTimeout(timeout) }, (deadline) => {
        const attempt = async (headers: CredentialHeaders) => {
          // It may have ended while it waited for a credential, and its caller has been told so. Aborting does not take a
          // call out of a batch with others.
          if (deadline.signal.aborted) throw deadline.signal.reason
          return transport({ kind, path, input, headers, signal: deadline.signal, isAlone }).catch(
            (error: unknown) => {
              throw toLatchkeyError(error)
            },
          )
        }
        return credential((headers) =>
          withRetries(() => attempt(headers), { kind: retryKind, retries: defaults.retries, deadline }),
        )
      })
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error
      // The calls of a batch can share an error. Each gets its own copy, with the caller in its stack.
      const { message, cause } = error
      throw new LatchkeyError(message, error, cause === undefined ? undefined : { cause })
    }
  }
  // The SDK trusts the server to return what the router's type declares.
  return call as Call
}
