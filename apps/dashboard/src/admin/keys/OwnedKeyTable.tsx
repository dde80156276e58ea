import type { OwnedApiKey } from "@latchkey/sdk"
import { cellClass, headClass, tableClass } from "../../components/lists/tableClass.ts"
import { Skeleton } from "../../components/Skeleton.tsx"
import { OwnedKeyRow } from "./OwnedKeyRow.tsx"

interface Props {
  apiKeys: readonly OwnedApiKey[]
  /** Whether the rows are still those of the previous page. */
  isStale: boolean
  /** Absent in a read-only list. */
  onRevoke?: ((apiKey: OwnedApiKey) => void) | undefined
  caption?: string
}

export function OwnedKeyTable({ apiKeys, isStale, onRevoke, caption = "The API keys of all users" }: Props) {
  return (
    <table className={`${tableClass} ${isStale ? "opacity-60" : ""}`} aria-busy={isStale}>
      <caption className="sr-only">{caption}</caption>
      <OwnedKeyTableHead hasActions={onRevoke !== undefined} />
      <tbody>
        {apiKeys.map((apiKey) => (
          <OwnedKeyRow key={apiKey.id} apiKey={apiKey} onRevoke={onRevoke} />
        ))}
      </tbody>
    </table>
  )
}

const OwnedKeyTableHead = ({ hasActions }: { hasActions: boolean }) => (
  <thead>
    <tr>
      <th scope="col" className={headClass}>
        Key
      </th>
      <th scope="col" className={`${headClass} max-md:hidden`}>
        Owner
      </th>
      <th scope="col" className={`${headClass} w-34 max-lg:hidden`}>
        Created
      </th>
      <th scope="col" className={`${headClass} w-34 max-md:hidden`}>
        Last used
      </th>
      <th scope="col" className={`${headClass} w-36 max-sm:hidden`}>
        Status
      </th>
      {hasActions && (
        <th scope="col" className={`${headClass} w-24`}>
          <span className="sr-only">Actions</span>
        </th>
      )}
    </tr>
  </thead>
)

/** A placeholder for the table, with rows of the same height. */
export const OwnedKeyTableSkeleton = () => (
  <table aria-hidden="true" className={tableClass}>
    <OwnedKeyTableHead hasActions={false} />
    <tbody>
      {["first", "second", "third"].map((row) => (
        <tr key={row}>
          <td className={cellClass}>
            <Skeleton className="h-4 w-40 max-w-full" />
            <Skeleton className="mt-2 h-3.5 w-20" />
          </td>
          <td className={`${cellClass} max-md:hidden`}>
            <Skeleton className="h-4 w-40 max-w-full" />
          </td>
          <td className={`${cellClass} max-lg:hidden`}>
            <Skeleton className="h-4 w-20" />
          </td>
          <td className={`${cellClass} max-md:hidden`}>
            <Skeleton className="h-4 w-20" />
          </td>
          <td className={`${cellClass} max-sm:hidden`}>
            <Skeleton className="h-5 w-14" />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
