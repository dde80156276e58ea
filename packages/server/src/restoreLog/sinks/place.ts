/** The prefix of a place whose log is kept by a command. */
export const COMMAND = "command:"

export const isHttp = (place: string) => /^https?:/i.test(place)

/** Whether a place is the path of a folder. */
export const isFolder = (place: string) => !place.startsWith(COMMAND) && !isHttp(place)

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/

/** Describes the problem of the place of a log; undefined if it is valid. */
export function findPlaceProblem(place: string): string | undefined {
  if (place.startsWith(COMMAND))
    return /^command:\s*\S/.test(place) ? undefined : "expected a program after command:"
  if (isHttp(place)) return findUrlProblem(place)
  return place === "" ? "expected a directory, an https URL, or command: and a program" : undefined
}

function findUrlProblem(place: string): string | undefined {
  if (!URL.canParse(place)) return "expected a URL such as https://log.company.tld/latchkey"
  const { protocol, hostname, username, password, search, hash } = new URL(place)
  if (username || password || search || hash || /[?#]/.test(place))
    return "expected a URL without credentials, a query or a fragment; a token has an option of its own"
  if (protocol === "http:" && !LOOPBACK.test(hostname))
    return "expected https, as http is possible on this machine alone"
  return undefined
}
