import { z } from "zod"

/** Adds to each field's metadata, which every use of the field in a JSON Schema then includes. */
export function describe<Fields extends Readonly<Record<string, z.ZodType>>>(
  fields: Fields,
  descriptions: { readonly [Field in keyof Fields]?: string },
) {
  for (const [name, description] of Object.entries(descriptions)) {
    const field = fields[name]
    if (field) z.globalRegistry.add(field, { ...z.globalRegistry.get(field), description })
  }
}
