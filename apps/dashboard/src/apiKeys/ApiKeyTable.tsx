import type { ApiKey } from "@latchkey/sdk"
import { headClass, tableClass } from "../components/lists/tableClass.ts"
import { ApiKeyRow } from "./ApiKeyRow.tsx"

interface Props {
  apiKeys: readonly ApiKey[]
  /** The rows are still those of the previous page. */
  isStale: boolean
  onRevoke: (apiKey: ApiKey) => void
}

/** On narrow screens, the times are below the label in the same cell. */
export function ApiKeyTable({ apiKeys, isStale, onRevoke }: Props) {
  return (
    <table className={`${tableClass} ${isStale ? "opacity-60" : ""}`} aria-busy={isStale}>
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
  return (
    <thead>
      <tr>
        <th scope="col" className={headClass}>
          Key
        </th>
        <th scope="col" className={`${headClass} w-36 max-md:hidden`}>
          Created
        </th>
        <th scope="col" className={`${headClass} w-36 max-md:hidden`}>
          Last used
        </th>
        <th scope="col" className={`${headClass} w-32 max-sm:hidden`}>
          Status
        </th>
        <th scope="col" className={`${headClass} w-24`}>
          <span className="sr-only">Actions</span>
        </th>
      </tr>
    </thead>
  )
}
