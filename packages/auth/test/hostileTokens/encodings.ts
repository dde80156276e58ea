import { CompactEncrypt } from "jose"
import type { SecretKeys } from "../../src/crypto/keyring.ts"
import { base64url, type Forge, type NamedTokens } from "./forge.ts"

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * Valid tokens in another encoding: RFC 7515, sections 2, 4 and 7.2, and RFC 8725, sections 2.4 to 2.6. The signature
 * covers the header and payload as they are encoded.
 */
export async function hostileEncodings(forge: Forge, keys: SecretKeys): Promise<NamedTokens> {
  const { header, payload, sign, seal } = forge
  const good = sign(header, payload)
  const parts = good.split(".") as [string, string, string]
  const [protectedHeader, body, signature] = parts
  const [headerJson, payloadJson] = [JSON.stringify(header), JSON.stringify(payload)]
  const inside = (json: string, first: string) => `{${first},${json.slice(1)}`
  const replacePart = (at: number, part: string) => parts.map((old, i) => (i === at ? part : old)).join(".")
  const flattened = { payload: body, protected: protectedHeader, signature }
  const general = { payload: body, signatures: [{ protected: protectedHeader, signature }] }
  const encrypted = async (text: string) =>
    new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", typ: "at+jwt", kid: keys.id })
      .encrypt(keys.accessTokenKey)

  return [
    ["a header member twice", sign(inside(headerJson, '"alg":"none"'), payload)],
    ["a header member twice, escaped", sign(inside(headerJson, '"\\u0061lg":"none"'), payload)],
    ["a claim twice", sign(header, inside(payloadJson, '"sub":"somebody"'))],
    ["a claim twice, escaped", sign(header, inside(payloadJson, '"\\u0073ub":"somebody"'))],
    ["__proto__ in its header", sign(inside(headerJson, '"__proto__":{"alg":"none"}'), payload)],
    ["__proto__ in its header, twice", sign(inside(headerJson, '"__proto__":1,"__proto__":1'), payload)],
    ...[" ", "\n", "\t\r\n"].flatMap(
      (blank): NamedTokens => [
        [`${JSON.stringify(blank)} in its header`, sign(`{${blank}${headerJson.slice(1)}`, payload)],
        [`${JSON.stringify(blank)} after its payload`, sign(header, payloadJson + blank)],
        [`${JSON.stringify(blank)} before it`, blank + good],
        [`${JSON.stringify(blank)} after it`, good + blank],
        [`${JSON.stringify(blank)} in it`, good.replace(".", `.${blank}`)],
      ],
    ),
    ...["\ufeff", "\0", "{}", "x"].map(
      (more) =>
        [`${JSON.stringify(more)} around its payload`, sign(header, more + payloadJson + more)] as const,
    ),
    ["a payload in UTF-16", sign(header, Buffer.from(payloadJson, "utf16le"))],
    [
      "a payload that is not UTF-8",
      sign(header, Buffer.concat([Buffer.from('{"x":"\xff",', "latin1"), Buffer.from(payloadJson.slice(1))])),
    ],
    ...["NaN", "Infinity", "1e400", "0x7fffffff", "4e9", "4000000000.0", "+4000000000"].map(
      (exp) =>
        [`an expiry of ${exp}`, sign(header, payloadJson.replace(/"exp":\d+/, `"exp":${exp}`))] as const,
    ),
    ["deep nesting", sign(header, `${'{"a":'.repeat(1_500)}1${"}".repeat(1_500)}`)],
    ["deep nesting that does not end", sign(header, "[".repeat(6_000))],

    ...parts.map((part, at) => [`a part ${at} in base64 with padding`, replacePart(at, `${part}=`)] as const),
    ...parts.map((_, at) => [`an empty part ${at}`, replacePart(at, "")] as const),
    ...parts.map((part, at) => [`a part ${at} with a comma`, replacePart(at, `${part},`)] as const),
    ...parts.map((part, at) => [`a part ${at} with a quote`, replacePart(at, `"${part}"`)] as const),
    ["a signature in another encoding", `${good.slice(0, -1)}${twin(good.at(-1))}`],
    ["an empty header and payload, signed", seal(".")],
    ["an empty payload, signed", seal(`${protectedHeader}.`)],
    ["no signature and no dot", `${protectedHeader}.${body}`],
    ["a dot before it", `.${good}`],
    ["a dot after it", `${good}.`],
    ["a fourth part", `${good}.AAAA`],
    ["itself again", `${good}.${good}`],
    ...["", ".", "..", "...", "....", "a.b.c", "AAAA.AAAA.AAAA", "null", "undefined", "\0"].map(
      (text) => [`only ${JSON.stringify(text)}`, text] as const,
    ),
    ["the flattened JSON serialization", JSON.stringify(flattened)],
    ["the general JSON serialization", JSON.stringify(general)],
    ["the JSON serialization in base64url", base64url(general)],
    ["a token for a payload", sign({ ...header, cty: "JWT" }, good)],
    ["a token for a payload, undeclared", sign(header, good)],
    ["encrypted claims", await encrypted(payloadJson)],
    ["an encrypted token inside", await encrypted(good)],
    ["a length of 12,000", "A".repeat(12_000)],
    ["12,000 dots", ".".repeat(12_000)],
    ["a signature of 8,000 characters", `${good}${"A".repeat(8_000)}`],
  ]
}

/** Valid tokens with an altered signature. */
export function hostileSignatures({ header, payload, sign }: Forge): NamedTokens {
  const good = sign(header, payload)
  const [signed, signature] = [good.slice(0, good.lastIndexOf(".")), good.slice(good.lastIndexOf(".") + 1)]
  const bytes = Buffer.from(signature, "base64url")
  const other = sign(header, { ...payload, exp: payload.exp + 1 })
  const withSignature = (text: Buffer) => `${signed}.${text.toString("base64url")}`
  return [
    ...Array.from(bytes, (byte, at) => {
      const flipped = Buffer.from(bytes)
      flipped[at] = byte ^ (1 << (at % 8))
      return [`a changed byte ${at} of its signature`, withSignature(flipped)] as const
    }),
    ...[0, 1, 16, 31].map(
      (length) =>
        [`only ${length} bytes of its signature`, withSignature(bytes.subarray(0, length))] as const,
    ),
    ["a longer signature", withSignature(Buffer.concat([bytes, Buffer.alloc(1)]))],
    ["a signature twice", withSignature(Buffer.concat([bytes, bytes]))],
    ["a signature of zeros", withSignature(Buffer.alloc(32))],
    ["another token's signature", `${signed}.${other.split(".")[2]}`],
    ["another token's payload", other.replace(/[^.]+$/, signature)],
  ]
}

/** 32 bytes are 43 base64url characters, and the two low bits of the last one are ignored. */
const twin = (last = "") => ALPHABET[ALPHABET.indexOf(last) ^ 1]
