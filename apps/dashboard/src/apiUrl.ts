/** Scripts are in one of the dashboard's own folders: `assets` when built, `src` in development. */
const scriptUrl = import.meta.url

/** The path under which the server serves the dashboard and the API, such as `/latchkey`, or "". */
export const basePath = new URL("..", scriptUrl).pathname.replace(/\/$/, "")

/** The URL of the API. */
export const apiUrl = `${location.origin}${basePath}`
