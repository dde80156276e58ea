/** Whether a Content-Type is JSON, with any parameters (RFC 9110, section 8.3.1). */
export const isJson = (contentType: string | undefined) =>
  contentType !== undefined && /^application\/json[\t ]*(?:;|$)/i.test(contentType)

/** Whether a Content-Type is that of an HTML form. */
export const isForm = (contentType: string | undefined) =>
  contentType !== undefined && /^application\/x-www-form-urlencoded[\t ]*(?:;|$)/i.test(contentType)
