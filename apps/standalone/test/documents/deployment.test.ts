import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { codeBlock } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { parse, parseDocument } from "yaml"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

/** The variables that the server reads. */
const variables = new Set(
  [...read("docs/configuration.md").matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names = ""]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  ),
)

const commands = [
  codeBlock("docs/deployment.md", "sh", "Container"),
  codeBlock("docs/deployment.md", "sh", "Compose"),
  codeBlock("docs/deployment.md", "sh", "Kubernetes"),
  codeBlock("docs/deployment.md", "sh", "systemd"),
]

test("the page's commands name files of the repository and variables of the server", () => {
  for (const text of commands) {
    const paths = [...text.matchAll(/(?:^|\s)(deploy\/[^\s]+)/g)].map(([, path = ""]) => path)
    for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true)
    const names = [...text.matchAll(/(?:-e |export |-literal=|env\.)([A-Z_]+)/g)].map(([, name]) => name)
    for (const name of names) expect(variables).toContain(name)
  }
})

test("the compose file configures the server with its own variables, and contains no secret", () => {
  const { services } = parse(read("deploy/compose.yaml"))
  const { environment, ...latchkey } = services.latchkey
  for (const name of Object.keys(environment)) expect(variables).toContain(name)
  for (const name of ["DATABASE_URL", "AUTH_SECRET"]) expect(environment[name]).toMatch(/\$\{\w+:\?/)
  expect(latchkey).toMatchObject({ read_only: true, cap_drop: ["ALL"] })
  expect(commands[1]).toContain("POSTGRES_PASSWORD")
})

test("the image runs as a user by number that is not root, and its bases come from one argument", () => {
  const dockerfile = read("Dockerfile")
  expect(dockerfile).toMatch(/^USER 1000:1000$/m)
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)).toEqual(
    Array(2).fill("$" + "{BASE}"),
  )
  expect(dockerfile).toMatch(/^HEALTHCHECK /m)
})

test("the chart's values and schema agree, and each value is used by a template", () => {
  const folder = "deploy/helm/latchkey"
  const values = parse(read(`${folder}/values.yaml`))
  const schema = JSON.parse(read(`${folder}/values.schema.json`))
  expect(Object.keys(schema.properties).sort()).toEqual([...Object.keys(values), "global"].sort())
  const templates = readdirSync(join(root, folder, "templates")).map((name) =>
    read(`${folder}/templates/${name}`),
  )
  for (const name of Object.keys(values)) expect(templates.join("\n")).toContain(`.Values.${name}`)
  expect(parseDocument(read(`${folder}/Chart.yaml`)).errors).toEqual([])
})

test("the chart keeps every secret variable out of its values", () => {
  const schema = JSON.parse(read("deploy/helm/latchkey/values.schema.json"))
  const [{ enum: names }, { pattern }] = schema.properties.env.propertyNames.not.anyOf
  const isForbidden = (name: string) => names.includes(name) || new RegExp(pattern).test(name)
  // A URL of a database or a mail server contains a password.
  const isSecret = /SECRET|TOKEN$|_KEYS?$|DATABASE_URL|FENCE_URL|SMTP_URL/
  const secrets = [...variables].filter((name = "") => isSecret.test(name)).map(String)
  expect(secrets.length).toBeGreaterThan(6)
  const readByCommands = ["DATABASE_MIGRATION_URL", "RESTORE_LOG_COMMAND_AWS_SECRET_ACCESS_KEY"]
  expect([...secrets, ...readByCommands].filter((name) => !isForbidden(name))).toEqual([])
  const ordinary = ["TRUST_PROXY", "KEY_PREFIX", "SMTP_FROM", "PUBLIC_URL", "RESTORE_LOG_COMMAND_AWS_REGION"]
  expect(ordinary.filter(isForbidden)).toEqual([])
})

test("a flood that delays the answers to probes neither restarts the pods nor leaves the service without any", () => {
  const deployment = read("deploy/helm/latchkey/templates/deployment.yaml")
  const probe = (name: string) => {
    const [, text = ""] = new RegExp(`${name}Probe:\\n((?: {12}.*\\n)+)`).exec(deployment) ?? []
    return parse(text)
  }
  const liveness = probe("liveness")
  expect(liveness.timeoutSeconds).toBeGreaterThanOrEqual(10)
  expect(liveness.failureThreshold * liveness.periodSeconds).toBeGreaterThanOrEqual(60)
  const readiness = probe("readiness")
  expect(readiness.timeoutSeconds).toBeGreaterThanOrEqual(5)
  expect(readiness.failureThreshold).toBeGreaterThanOrEqual(3)
})
