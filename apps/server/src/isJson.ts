/** Whether a Content-Type is JSON, whatever its parameters (RFC 9110, section 8.3.1). */
export const isJson = (contentType: string | undefined) =>
  contentType?.split(";", 1)[0]?.trim().toLowerCase() === "application/json"
