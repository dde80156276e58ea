import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"

export const folder = fileURLToPath(new URL("../../../../deploy", import.meta.url))
const rulesFile = `${folder}/prometheus/latchkey.rules.yml`

interface Rule {
  record?: string
  alert?: string
  expr: string
}

export const rules: Rule[] = parse(readFileSync(rulesFile, "utf8")).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
)

/** The dashboard's queries, by the panel's title, with Grafana's variables filled in. */
export const panelQueries: [title: string, expr: string][] = JSON.parse(
  readFileSync(`${folder}/grafana/latchkey.json`, "utf8"),
).panels.flatMap(({ title, targets = [] }: { title: string; targets?: { expr: string }[] }) =>
  targets.map(({ expr }) => [
    title,
    expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(job|instance)/g, ".*"),
  ]),
)
