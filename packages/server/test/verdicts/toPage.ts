import type { Ask } from "./asks.ts"
import type { TestCaller } from "./callers.ts"
import type { Door } from "./doors.ts"
import { type DoorKind, differenceAt, expectedVerdict, type Word } from "./expected.ts"

const STATUS: Record<Word, string> = {
  accepted: "✓",
  "bad request": "400",
  unauthenticated: "401",
  "insufficient scope": "403 scope",
  forbidden: "403",
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`

const code = (text: string) => (text.includes(":") ? `\`${text}\`` : text)

const KINDS: Record<DoorKind, string> = {
  own: "Latchkey's own procedures",
  product: "your own routes and procedures",
  proxy: "a reverse proxy",
  token: "introspection",
}

/** The differences between doors, with the kinds of door that differ. */
function listDifferences(callers: readonly TestCaller[], asks: readonly Ask[]) {
  const kindsByReason = new Map<string, Set<string>>()
  for (const kind of Object.keys(KINDS) as DoorKind[]) {
    for (const { standing } of callers) {
      for (const { scopes } of asks) {
        const why = differenceAt(kind, standing, scopes)?.why
        if (why !== undefined) kindsByReason.set(why, (kindsByReason.get(why) ?? new Set()).add(KINDS[kind]))
      }
    }
  }
  return [...kindsByReason].map(([why, kinds]) => `- ${[...kinds].join(", ")}: ${why}`)
}

const listDoors = (doors: readonly Door[]) =>
  (Object.keys(KINDS) as DoorKind[]).map((kind) =>
    row([KINDS[kind], doors.flatMap((door) => (door.kind === kind ? door.name : [])).join(", ")]),
  )

/** The table of verdicts as a page of the documentation. */
export function toPage(callers: readonly TestCaller[], asks: readonly Ask[], doors: readonly Door[]): string {
  return `# Verdicts

Whichever way you ask Latchkey about a caller, the verdict is the same. A test generates this page: it asks for every cell
of the table at each of these doors:

${row(["kind", "doors"])}
${row(["---", "---"])}
${listDoors(doors).join("\n")}

✓ stands for an accepted caller, 400 for a bad request, 401 for a request without a valid credential, \`403 scope\` for a
valid caller that lacks a scope, and 403 for a valid caller that may not do this whatever its scopes. The product in this
test declares \`reports:read\` and \`reports:write\`. Latchkey's own procedures need Latchkey's own scopes:
\`latchkey:apikeys:read\` to list keys with a key that has a list of scopes, \`latchkey:introspect\` to ask about others, and
\`latchkey:manage\` to manage the keys of an owner.

${row(["caller, asked for", ...asks.map(({ name }) => code(name))])}
${row(["---", ...asks.map(() => "---")])}
${callers
  .map(({ name, standing }) =>
    row([name, ...asks.map(({ scopes }) => STATUS[expectedVerdict(standing, scopes)])]),
  )
  .join("\n")}

The verdict differs only in these cases:

${listDifferences(callers, asks).join("\n")}
- \`POST /oauth/introspect\`: the status is 401 if the asking key lacks \`latchkey:introspect\`, as RFC 7662 requires.
- \`requires\` and \`guard\`: throw for an undeclared scope when your server starts, instead of answering 400.
`
}
