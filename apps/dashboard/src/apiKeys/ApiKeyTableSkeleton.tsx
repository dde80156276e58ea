import { cellClass, tableClass } from "../components/lists/tableClass.ts"
import { Skeleton } from "../components/Skeleton.tsx"
import { ApiKeyTableHead } from "./ApiKeyTable.tsx"

/** A placeholder for the table, with rows of the same height. */
export function ApiKeyTableSkeleton() {
  return (
    <table aria-hidden="true" className={tableClass}>
      <ApiKeyTableHead />
      <tbody>
        {["first", "second", "third"].map((row) => (
          <tr key={row}>
            <td className={cellClass}>
              <Skeleton className="h-4 w-40 max-w-full" />
              <Skeleton className="mt-2 h-3.5 w-20" />
            </td>
            <td className={`${cellClass} max-md:hidden`}>
              <Skeleton className="h-4 w-20" />
            </td>
            <td className={`${cellClass} max-md:hidden`}>
              <Skeleton className="h-4 w-20" />
            </td>
            <td className={`${cellClass} max-sm:hidden`}>
              <Skeleton className="h-5 w-14" />
            </td>
            <td className={cellClass} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}
