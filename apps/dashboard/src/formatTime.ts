import { createFormats } from "@latchkey/react/internal"

/** Formats times in the same way as the keys page. */
export const formats = createFormats("en")
