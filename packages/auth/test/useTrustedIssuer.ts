import { afterEach, beforeEach } from "vitest"
import { createTrustedIssuers } from "../src/identities/trustedIssuers/createTrustedIssuers.ts"
import {
  parseTrustedIssuers,
  type TrustedIssuerInput,
} from "../src/identities/trustedIssuers/trustedIssuer.ts"
import { startIssuer } from "./startIssuer.ts"

type Issuer = Awaited<ReturnType<typeof startIssuer>>

/** Starts an identity provider before each test of a file, and stops it afterwards. */
export function useTrustedIssuer() {
  let started: Issuer
  beforeEach(async () => {
    started = await startIssuer()
  })
  afterEach(() => started[Symbol.asyncDispose]())
  const issuer = {
    get url() {
      return started.url
    },
    get first() {
      return started.first
    },
    get state() {
      return started.state
    },
    sign: (...parameters: Parameters<Issuer["sign"]>) => started.sign(...parameters),
  }
  return {
    issuer,
    /** Verifies tokens of the issuer, by default those for the audience "api". */
    trust(entry: Partial<TrustedIssuerInput> = { audience: "api" }) {
      const parsed = parseTrustedIssuers([{ issuer: issuer.url, ...entry }])
      if ("problems" in parsed) throw new TypeError(parsed.problems.join())
      const issuers = createTrustedIssuers(parsed.entries)
      return (token: string) => issuers.verify(issuer.url, token)
    },
  }
}
