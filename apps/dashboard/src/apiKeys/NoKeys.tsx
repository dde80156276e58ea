import { Button } from "../components/Button.tsx"
import { Icon } from "../components/Icon.tsx"
import { NoneFound } from "../components/NoneFound.tsx"
import type { Filter } from "./ApiKeyFilter.tsx"

/** Before the first key: what one is for, and how to get it. */
export function NoKeysYet({ onCreate }: { onCreate: () => void }) {
  return (
    <section className="grid justify-items-center rounded-xl border border-dashed border-control px-6 py-14 text-center">
      <span className="grid size-12 place-items-center rounded-xl bg-sunken text-muted">
        <Icon name="key" className="size-6" />
      </span>
      <h2 className="mt-4 font-semibold">Create your first key</h2>
      <p className="mt-1 max-w-md text-muted">
        Your programs send it with every call, and the API knows that they act for you. It takes a name, and
        is ready at once.
      </p>
      <div className="mt-5">
        <Button kind="primary" onClick={onCreate}>
          <Icon name="plus" />
          Create key
        </Button>
      </div>
    </section>
  )
}

/** There are keys, but none that was asked for. */
export function NoMatch({ filter, onClear }: { filter: Filter; onClear: () => void }) {
  const search = filter.search.trim()
  return (
    <NoneFound onClear={onClear}>
      {search
        ? `No ${filter.status === "active" ? "active key" : "key"} has “${search}” in its label.`
        : "No key is active."}
    </NoneFound>
  )
}
