import { expect, test } from "vitest"
import { isOfStandby, PRIMARY_CHECK } from "./onPrimary.ts"

const failed = (cause: Error) => new Error(`Failed query: select ${PRIMARY_CHECK}`, { cause })

test.each([
  'invalid input syntax for type boolean: "this server is a standby"',
  "ungültige Eingabesyntax für Typ boolean: »this server is a standby«",
  "syntaxe en entrée invalide pour le type boolean : « this server is a standby »",
])("recognizes a standby's error in any language: %s", (message) => {
  expect(isOfStandby(failed(Object.assign(new Error(message), { code: "22P02" })))).toBe(true)
})

test("does not mistake another failure of the same statement for a standby's error", () => {
  expect(isOfStandby(failed(Object.assign(new Error("canceled"), { code: "57014" })))).toBe(false)
})
