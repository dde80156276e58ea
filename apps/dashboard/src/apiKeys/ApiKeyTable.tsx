import type { ApiKey } from "@latchkey/sdk"
import { ApiKeyRow } from "./ApiKeyRow.tsx"

interface Props {
  apiKeys: readonly ApiKey[]
  /** The rows are those of the page before. */
  isOld: boolean
  onRevoke: (apiKey: ApiKey) => void
}

export const tableClass =
  "w-full table-fixed border-separate border-spacing-0 overflow-hidden rounded-xl border border-line bg-surface text-left"

/** On a narrow screen the times stand below the label, in the same cell. */
export function ApiKeyTable({ apiKeys, isOld, onRevoke }: Props) {
  return (
    <table className={`${tableClass} ${isOld ? "opacity-60" : ""}`} aria-busy={isOld}>
      <caption className="sr-only">Your API keys, newest first</caption>
      <ApiKeyTableHead />
      <tbody>
        {apiKeys.map((apiKey) => (
          <ApiKeyRow key={apiKey.id} apiKey={apiKey} onRevoke={onRevoke} />
        ))}
      </tbody>
    </table>
  )
}

export function ApiKeyTableHead() {
  const head = "h-10 bg-sunken px-4 text-xs font-medium text-muted"
  return (
    <thead>
      <tr>
        <th scope="col" className={head}>
          Key
        </th>
        <th scope="col" className={`${head} w-36 max-md:hidden`}>
          Created
        </th>
        <th scope="col" className={`${head} w-36 max-md:hidden`}>
          Last used
        </th>
        <th scope="col" className={`${head} w-32 max-sm:hidden`}>
          Status
        </th>
        <th scope="col" className={`${head} w-24`}>
          <span className="sr-only">Actions</span>
        </th>
      </tr>
    </thead>
  )
}
