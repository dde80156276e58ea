import { ListFilter } from "../components/lists/ListFilter.tsx"

export interface Filter {
  status: "all" | "active"
  search: string
}

const STATUSES = [
  { status: "all", label: "All" },
  { status: "active", label: "Active" },
] as const

export const ApiKeyFilter = (props: { filter: Filter; onChange: (filter: Filter) => void }) => (
  <ListFilter {...props} label="Search by label" statuses={STATUSES} maxLength={100} />
)
