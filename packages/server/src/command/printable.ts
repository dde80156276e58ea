/**
 * A line for people, in which labels, emails and names of roles can't give a terminal commands or reorder the rest of the
 * line: control characters, and those that set the direction of text, are replaced. It may contain line breaks.
 */
export const printable = (line: string): string =>
  line.replaceAll(/(?!\n)[\p{Cc}\p{Bidi_Control}]/gu, "\uFFFD")

/** JSON that is equally harmless on a terminal. `JSON.stringify` escapes only the control characters of ASCII. */
export const printableJson = (value: object): string =>
  JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
