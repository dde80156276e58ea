/**
 * Text of a body. Bytes that are no UTF-8 are refused: repaired, two different passwords could become one.
 *
 * @throws {TypeError}
 */
export const decodeUtf8 = (bytes: ArrayBuffer): string =>
  new TextDecoder("utf-8", { fatal: true }).decode(bytes)
