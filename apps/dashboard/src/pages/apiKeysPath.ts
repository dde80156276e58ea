/** The list of keys, and the pages of individual keys. */
export const API_KEYS_PATH = /^\/(?:keys\/(?<id>[^/]+))?\/?$/
