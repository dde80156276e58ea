/** The list of keys, and the pages of single ones. */
export const API_KEYS_PATH = /^\/(?:keys\/(?<id>[^/]+))?\/?$/
