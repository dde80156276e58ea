import { z } from "zod"
import { describe } from "./describe.ts"
import { describeAccounts } from "./describeAccounts.ts"
import { describeAdministration } from "./describeAdministration.ts"
import { describeCallers } from "./describeCallers.ts"
import { describeKeys } from "./describeKeys.ts"
import { describeTrail } from "./describeTrail.ts"

/**
 * Describes the fields of the contract's schemas for OpenAPI. This is not done in the contract, because browsers would then
 * load the descriptions. Schemas that extend others share their fields, and thus their descriptions.
 *
 * @param outputs the schemas of the procedures' outputs. Every list makes its own schema of a page.
 */
export function describeFields(outputs: readonly (z.ZodType | undefined)[]) {
  for (const output of outputs) {
    if (!(output instanceof z.ZodObject && "nextCursor" in output.shape)) continue
    describe(output.shape, {
      items: "The items of the page.",
      nextCursor: "The `cursor` of the next page; null on the last page.",
    })
  }
  describeAccounts()
  describeCallers()
  describeKeys()
  describeAdministration()
  describeTrail()
}
