/**
 * A `like` pattern that matches all texts with this prefix, taken literally. Compare in the collation "C", the only
 * one in which an index can find a prefix.
 */
export const prefixPattern = (text: string) => `${text.replaceAll(/[\\%_]/g, "\\$&")}%`
