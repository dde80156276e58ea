import { DECLARED, OF_LATCHKEY } from "./expected.ts"

/** A list of scopes that a route requires, and the path of that route. */
export interface Ask {
  name: string
  path: string
  scopes: readonly string[]
}

const askFor = (scopes: readonly string[], name = scopes.join(" ")): Ask => ({
  ...{ name, scopes },
  path: name.replaceAll(/[^a-z]/g, "-"),
})

export const ASKS: readonly Ask[] = [
  askFor([], "nothing"),
  ...DECLARED.map((scope) => askFor([scope])),
  askFor(DECLARED, "both"),
  askFor(["billing:read"], "an undeclared scope"),
  ...OF_LATCHKEY.map((scope) => askFor([scope])),
]
