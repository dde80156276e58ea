import type { ApiKey } from "@latchkey/sdk"
import { headClass, tableClass } from "../components/tableClass.ts"
import { ApiKeyRow } from "./ApiKeyRow.tsx"

interface Props {
  apiKeys: readonly ApiKey[]
  /** The rows are those of the page before. */
  isOld: boolean
  onRevoke: (apiKey: ApiKey) => void
}

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
