/**
 * Whether a text has the form of a Latchkey API key: 64 lowercase hex characters. It asks nobody, so it says
 * nothing of whether the key exists or still works.
 */
export const isApiKey = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
