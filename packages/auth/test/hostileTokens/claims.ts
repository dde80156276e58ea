import type { Forge, NamedTokens } from "./forge.ts"

const NOT_TEXT = [undefined, null, 0, true, "", [], {}]
const NOT_A_TIME = [undefined, null, "", "soon", true, [], {}, -1, 0.5, 1e300, 2 ** 53, Number.MIN_VALUE]

/** Tokens with a valid header and signature whose claims are missing, mistyped or not for us: RFC 7519, section 4. */
export function hostileClaims(forge: Forge): NamedTokens {
  const { header, payload } = forge
  const { sub, sid, iat, exp } = payload
  const values: Record<string, unknown[]> = {
    iss: [...NOT_TEXT, "Latchkey", "latchkey ", "somebody", ["latchkey"], "https://latchkey"],
    aud: [
      ...NOT_TEXT,
      "Latchkey",
      "latchkey\0",
      "somebody",
      ["latchkey"],
      ["latchkey", "somebody"],
      ["somebody"],
    ],
    sub: [
      ...NOT_TEXT,
      "x",
      "' or true --",
      "__proto__",
      sub.toUpperCase(),
      ` ${sub}`,
      `${sub}\0`,
      [sub],
      { sub },
    ],
    sid: [
      ...NOT_TEXT,
      "x",
      "' or true --",
      "__proto__",
      sid.toUpperCase(),
      ` ${sid}`,
      `${sid}\0`,
      [sid],
      { sid },
    ],
    exp: [...NOT_A_TIME, String(exp), [exp], exp + 0.5, 0, iat - 31, -exp],
    iat: [...NOT_A_TIME, String(iat), [iat], iat + 0.5, iat + 3600, -iat],
    nbf: [
      ...NOT_A_TIME.slice(1).filter((value) => Number(value) > iat || typeof value !== "number"),
      iat + 3600,
    ],
  }
  return [
    ...Object.entries(values).flatMap(([name, odd]) =>
      odd.map((value) => {
        const token = forge.sign(header, { ...payload, [name]: value })
        return [`the claim ${name} ${JSON.stringify(value)?.slice(0, 20)}`, token] as const
      }),
    ),
    ...[[payload], [], {}, null, true, 1, "payload", ""].map(
      (odd, index) => [`a payload that is not a set of claims (${index})`, forge.sign(header, odd)] as const,
    ),
  ]
}
