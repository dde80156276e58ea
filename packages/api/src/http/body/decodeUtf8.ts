/**
 * Decodes a body. Invalid UTF-8 is rejected, not repaired: repair could turn two different passwords into the same text.
 *
 * @throws {TypeError} for invalid UTF-8.
 */
export const decodeUtf8 = (bytes: ArrayBuffer): string =>
  new TextDecoder("utf-8", { fatal: true }).decode(bytes)
