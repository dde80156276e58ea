import { useSyncExternalStore } from "react"

/** The paths of links in mails, relative to the base path. */
export const LINK_PATH = /^\/(reset-password|verify-email)$/

let token: string | undefined
const listeners = new Set<() => void>()

/**
 * Removes the token of a link from the address bar and the tab's history, so that it is in no screenshot and no later
 * page can read it. The browser's own list of visited pages may keep it. Must run before the first render. It also
 * handles a second link in the same tab, which loads no new page.
 */
export function takeLinkToken() {
  take()
  addEventListener("hashchange", take)
}

function take() {
  if (!/\/(reset-password|verify-email)$/.test(location.pathname)) return
  const found = new URLSearchParams(location.hash.slice(1)).get("token")
  if (!found) return
  // With the origin, because a path such as `//x/reset-password` would name another host.
  history.replaceState(history.state, "", location.origin + location.pathname)
  token = found
  for (const listener of listeners) listener()
}

/** The token of the most recently opened link; undefined without one, for example after a reload. */
export const useLinkToken = () => useSyncExternalStore(onLink, () => token)

function onLink(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
