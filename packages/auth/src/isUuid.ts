/** Whether PostgreSQL would take a text for a `uuid`, in the one spelling that it prints. */
export const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
