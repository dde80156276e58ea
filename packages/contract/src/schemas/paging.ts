import { z } from "zod"

/** The fields of the input of every paged list. */
export const page = { cursor: z.string().nullish(), limit: z.int().min(1).max(100).default(50) }

/**
 * The input of a paged list, which may be omitted. TanStack's infinite queries add a `direction` to the input
 * (trpc/trpc#5514). It is dropped, because the cursor alone determines the page.
 */
export const paged = <Input extends z.ZodObject>(input: Input) =>
  z.preprocess((sent: z.input<Input> | undefined) => withoutDirection(sent), input)

function withoutDirection(sent: unknown): unknown {
  if (sent === undefined) return {}
  if (typeof sent !== "object" || sent === null || !("direction" in sent)) return sent
  const { direction, ...input } = sent
  return direction === "forward" || direction === "backward" ? input : sent
}

/** A page of a list. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })
