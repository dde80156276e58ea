/**
 * A pattern for `like` that stands for all texts which begin with this one, taken as it is. Compare in the
 * collation "C", the only one in which an index can look for a prefix.
 */
export const prefixPattern = (text: string) => `${text.replaceAll(/[\\%_]/g, "\\$&")}%`
