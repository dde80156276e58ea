import type { Forge, NamedTokens } from "./forge.ts"

const NO_TEXT = [undefined, null, 0, true, "", [], {}]
const NO_TIME = [undefined, null, "", "soon", true, [], {}, -1, 0.5, 1e300, 2 ** 53, Number.MIN_VALUE]

/** Tokens of good header and signature whose claims are missing, of another type, or not for us: RFC 7519, section 4. */
export function hostileClaims(forge: Forge): NamedTokens {
  const { header, payload } = forge
  const { sub, sid, iat, exp } = payload
  const values: Record<string, unknown[]> = {
    iss: [...NO_TEXT, "Latchkey", "latchkey ", "somebody", ["latchkey"], "https://latchkey"],
    aud: [
      ...NO_TEXT,
      "Latchkey",
      "latchkey\0",
      "somebody",
      ["latchkey"],
      ["latchkey", "somebody"],
      ["somebody"],
    ],
    sub: [
      ...NO_TEXT,
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
      ...NO_TEXT,
      "x",
      "' or true --",
      "__proto__",
      sid.toUpperCase(),
      ` ${sid}`,
      `${sid}\0`,
      [sid],
      { sid },
    ],
    exp: [...NO_TIME, String(exp), [exp], exp + 0.5, 0, iat - 31, -exp],
    iat: [...NO_TIME, String(iat), [iat], iat + 0.5, iat + 3600, -iat],
    nbf: [
      ...NO_TIME.slice(1).filter((value) => Number(value) > iat || typeof value !== "number"),
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
      (odd, index) => [`a payload that is no set of claims (${index})`, forge.sign(header, odd)] as const,
    ),
  ]
}
