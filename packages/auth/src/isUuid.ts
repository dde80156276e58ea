/** Whether a text is a UUID as PostgreSQL prints it: in lower case and with hyphens. */
export const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
