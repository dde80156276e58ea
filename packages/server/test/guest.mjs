// Runs in an application that has the package installed: uses it, and reports what it did to the process.
const envReads = new Set()
const consoleCalls = []
const env = process.env
process.env = new Proxy(env, {
  get(target, name) {
    const [caller = ""] = (new Error().stack ?? "").split("\n").slice(2)
    if (typeof name === "string" && /@latchkey.server/.test(caller)) envReads.add(name)
    return target[name]
  },
})
for (const name of ["log", "info", "warn", "error", "debug"])
  console[name] = (...args) => consoleCalls.push(args)
const [databaseUrl, ...entries] = process.argv.slice(2)
const globalsBefore = [Request, Response, Headers, fetch]
const namesBefore = new Set(Object.getOwnPropertyNames(globalThis))
const listeners = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)])
const listenersBefore = JSON.stringify(listeners())

const { createLatchkeyServer } = await import("@latchkey/server")
for (const entry of entries) await import(`@latchkey/server/${entry}`)
const afterImport = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Pipe/.test(name))

const latchkey = createLatchkeyServer({
  databaseUrl,
  secret: "d1f0c3a58b7e49620f1e2d3c4b5a69788796a5b4c3d2e1f0",
  passwords: "on",
  migrate: "auto",
})
const response = await latchkey.fetch(
  new Request("http://localhost/latchkey/auth/register", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      email: `${process.pid}@example.com`,
      password: `${Math.random()}-${Math.random()}`,
    }),
  }),
)
const { accessToken } = await response.json()
const verdict = await latchkey.authenticate({ authorization: `Bearer ${accessToken}` })
const page = await latchkey.fetch(
  new Request("http://localhost/latchkey/", { headers: { accept: "text/html" } }),
)

process.stdout.write(
  JSON.stringify({
    envReads: [...envReads],
    consoleCalls,
    newGlobals: Object.getOwnPropertyNames(globalThis).filter((name) => !namesBefore.has(name)),
    keepsGlobals: [Request, Response, Headers, fetch].every((value, index) => value === globalsBefore[index]),
    keepsListeners: JSON.stringify(listeners()) === listenersBefore,
    afterImport,
    isAccepted: verdict.ok,
    page: page.status,
  }),
)
// Not closed: the process must exit by itself.
