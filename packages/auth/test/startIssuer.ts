import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from "jose"

export type SigningKey = Awaited<ReturnType<typeof newSigningKey>>

/** A key pair, with the public key in the format of a key set. */
export async function newSigningKey(kid: string | undefined, alg = "ES256") {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), ...(kid !== undefined && { kid }), alg, use: "sig" }
  return { kid, alg, privateKey, jwk }
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An identity provider on this machine. Tests change the keys that it publishes. */
export async function startIssuer() {
  const first = await newSigningKey("first")
  const state = {
    keys: [first.jwk],
    /** Of the key set's response. */
    headers: {} as Record<string, string>,
    /** Replaces the key set's response. */
    answer: null as Answer | null,
    discovery: {} as Record<string, unknown>,
    /** The number of requests for the key set. */
    fetches: 0,
  }
  const server = createServer((request, response) => {
    if (request.url === "/.well-known/openid-configuration") {
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks`, ...state.discovery }))
      return
    }
    state.fetches++
    if (state.answer) return state.answer(request, response)
    response.writeHead(200, state.headers).end(JSON.stringify({ keys: state.keys }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    first,
    state,
    /** A valid access token for the audience "api", with changes; undefined removes a claim. */
    sign(
      claims: Record<string, unknown> = {},
      { key = first, header = {} }: { key?: SigningKey; header?: object } = {},
    ) {
      const now = Math.floor(Date.now() / 1000)
      const payload = { iss: url, sub: "ada", aud: "api", iat: now, exp: now + 300, ...claims }
      const { kid, alg } = key
      const fullHeader = { alg, typ: "at+jwt", ...(kid !== undefined && { kid }), ...header }
      return new SignJWT(JSON.parse(JSON.stringify(payload)))
        .setProtectedHeader(JSON.parse(JSON.stringify(fullHeader)) as JWTHeaderParameters)
        .sign(key.privateKey, { crit: { x: true } })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}
