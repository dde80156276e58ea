import { createFormats } from "@latchkey/react/internal"

/** Times in the same words as on the keys page. */
export const formats = createFormats("en")
