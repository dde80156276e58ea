import type { ReactNode } from "react"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { OwnedKeyTable, OwnedKeyTableSkeleton } from "../admin/keys/OwnedKeyTable.tsx"
import { useOwnedApiKeys } from "../admin/keys/useOwnedApiKeys.ts"
import { CopyButton } from "../components/CopyButton.tsx"
import { NoneFound } from "../components/lists/NoneFound.tsx"
import { PagedList } from "../components/lists/PagedList.tsx"
import { usePages } from "../components/lists/usePages.ts"
import { Panel } from "../components/Panel.tsx"

/** Milliseconds; short enough to watch an import. */
const REFETCH_INTERVAL = 3_000

/** Explains the command that imports keys, and shows the imported keys. */
export function AdminImportPage() {
  const pages = usePages()
  const list = useOwnedApiKeys(
    { status: "all", search: "", cursor: pages.cursor, origin: "imported" },
    REFETCH_INTERVAL,
  )
  return (
    <>
      <AdminHeading
        title="Import keys"
        description="Keys from another system keep working here, and can be listed, limited and revoked like new ones."
      />
      <Panel
        title="How to import"
        description="Keys can be imported only by a command on the server, because anyone who can import keys can act for every user."
      >
        <ol className="grid list-decimal gap-4 pl-5 marker:text-muted">
          <Step text="Write a file with one line of JSON for each key: its owner, its label, its hash, and its beginning.">
            {
              '{"subject":"org_42","label":"Nightly import","keyHash":"$2b$10$…","start":"sk_live_4f9a","keyLength":40}'
            }
          </Step>
          <Step text="Do a dry run. It stores nothing, and lists each line that would be refused, with the reason.">
            npx --no-install latchkey import keys.ndjson --dry-run
          </Step>
          <Step text="Import the file. The command shows its progress. After an interruption, run it again: it skips keys that are already stored.">
            npx --no-install latchkey import keys.ndjson --report refused.ndjson
          </Step>
          <Step text="Set the prefixes of these keys on every instance. Until then, the keys are not accepted.">
            IMPORTED_KEY_PREFIXES=sk_live_
          </Step>
        </ol>
      </Panel>
      <h2 className="mt-8 mb-3 text-lg font-semibold">Imported keys</h2>
      <PagedList
        name="imported keys"
        list={list}
        pages={pages}
        skeleton={<OwnedKeyTableSkeleton />}
        none={<NoneFound>No keys have been imported. They appear here while the command runs.</NoneFound>}
      >
        {(apiKeys, isStale) => (
          <OwnedKeyTable apiKeys={apiKeys} isStale={isStale} caption="Imported API keys" />
        )}
      </PagedList>
    </>
  )
}

const Step = ({ text, children }: { text: ReactNode; children: string }) => (
  <li className="pl-1">
    <p>{text}</p>
    <div className="mt-2 flex gap-2 rounded-lg bg-sunken py-1.5 pr-1.5 pl-3 max-sm:flex-col max-sm:items-start sm:items-center">
      <code className="min-w-0 flex-1 font-mono text-sm wrap-anywhere">{children}</code>
      <CopyButton text={children} name="the example" />
    </div>
  </li>
)
