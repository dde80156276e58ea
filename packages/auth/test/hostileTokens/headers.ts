import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto"
import type { SecretKeys } from "../../src/crypto/keyring.ts"
import { base64url, type Forge, type NamedTokens } from "./forge.ts"

const ALGORITHMS = [
  ...["none", "None", "nONE", "NONE", "", "HS", "hs256", "HS256 ", "HS384", "HS512", "dir", "A256KW"],
  ...["RS256", "RS384", "PS256", "ES256", "ES256K", "EdDSA", "Ed25519", "ML-DSA-44", "PBES2-HS256+A128KW"],
  ...[null, 256, ["HS256"], { name: "HS256" }],
]

const TYPES = ["", "JWT", "jwt", "at", "at+jwt ", "at+jwt\0", "rt+jwt", null, 1, ["at+jwt"]]

const KEY_IDS = [
  ...["", "0123456789abcdef", "__proto__", "constructor", "' or '1'='1", "../../../../dev/null", "/dev/null"],
  ...["http://localhost/", null, 0, true, [], {}],
]

/** Parameters that bring a key, change how the token is read, or must not be ignored. */
const PARAMETERS: Record<string, unknown[]> = {
  crit: [["exp"], ["b64"], ["kid"], [], "b64", null],
  b64: [false, true],
  cty: ["JWT", "at+jwt"],
  zip: ["DEF"],
  enc: ["A256GCM"],
  jku: ["https://attacker.example/keys.json", "http://localhost/openapi.json"],
  x5u: ["https://attacker.example/key.pem"],
  x5c: [["AAAA"]],
  x5t: ["AAAA"],
  "x5t#S256": ["AAAA"],
  nonce: ["AAAA"],
  exp: [4_000_000_000],
}

/**
 * Tokens whose header asks for another way of verification: RFC 7515, section 4.1, and RFC 8725, sections 2.1, 2.2, 2.8
 * to 2.10. The payloads are valid, and so are the signatures unless the name says otherwise.
 */
export function hostileHeaders(forge: Forge, keys: SecretKeys): NamedTokens {
  const { header, payload } = forge
  const table = (name: string, values: unknown[]) =>
    values.map((value) => {
      const token = forge.sign({ ...header, [name]: value }, payload)
      return [`the header ${name} ${JSON.stringify(value)}`, token] as const
    })
  const signed = `${base64url(header)}.${base64url(payload)}`
  const underKey = (key: Buffer | string | KeyObject) => forge.sign(header, payload, { key })

  return [
    ...[...table("alg", ALGORITHMS), ...table("typ", TYPES), ...table("kid", KEY_IDS)],
    ...table("kid", [`${header.kid} `, header.kid.slice(1), header.kid.toUpperCase(), [header.kid]]),
    ...Object.entries(PARAMETERS).flatMap(([name, values]) => table(name, values)),
    ...table("alg", [undefined]),
    ...table("typ", [undefined]),
    ...table("kid", [undefined]),
    ...["none", "None", "nONE"].map((alg) => {
      const signed = `${base64url({ ...header, alg })}.${base64url(payload)}`
      return [`the algorithm ${alg} and no signature`, `${signed}.`] as const
    }),
    ...["384", "512"].map((bits) => {
      const token = forge.sign({ ...header, alg: `HS${bits}` }, payload, { hash: `sha${bits}` })
      return [`a valid HS${bits} signature`, token] as const
    }),
    ...([[header], "HS256", null, 1, {}] as const).map(
      (value, index) => [`an invalid header (${index})`, forge.sign(value, payload)] as const,
    ),
    ["a payload that is not encoded", notEncoded(forge)],
    ...ownKeys(forge),
    [
      "an empty key, from the file that its key id names",
      forge.sign({ ...header, kid: "/dev/null" }, payload, { key: "" }),
    ],
    ["an empty key", underKey("")],
    ["a key of zeros", underKey(Buffer.alloc(32))],
    ["a random key", underKey(randomBytes(32))],
    ["its key id as the key", underKey(header.kid)],
    ["the key for receipts", `${signed}.${keys.receiptMac(signed).toString("base64url")}`],
    ["the key for refresh tokens", underKey(keys.refreshTokenKey)],
  ]
}

/** RFC 7797: the signature covers the payload without base64url. */
function notEncoded({ header, payload, seal }: Forge) {
  const critical = base64url({ ...header, b64: false, crit: ["b64"] })
  return seal(`${critical}.${JSON.stringify(payload)}`)
}

/** Tokens with valid signatures under a key in their header, and an HMAC with a public key as the secret. */
function ownKeys(forge: Forge): NamedTokens {
  const { header, payload } = forge
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const secret = randomBytes(32)
  const asymmetric = { ...header, alg: "ES256", jwk: publicKey.export({ format: "jwk" }) }
  const signed = `${base64url(asymmetric)}.${base64url(payload)}`
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" })
  const symmetric = { ...header, jwk: { kty: "oct", k: secret.toString("base64url") } }
  const pem = publicKey.export({ format: "pem", type: "spki" })
  return [
    ["a public key of its own", `${signed}.${signature.toString("base64url")}`],
    ["a secret key of its own", forge.sign(symmetric, payload, { key: secret })],
    ["a public key as the secret", forge.sign(header, payload, { key: pem })],
  ]
}
