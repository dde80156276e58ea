import { Button } from "../components/Button.tsx"
import { Icon } from "../components/Icon.tsx"
import { NoneFound } from "../components/lists/NoneFound.tsx"
import type { Filter } from "./ApiKeyFilter.tsx"

/** Explains to new users what keys are for. */
export function NoKeysYet({ onCreate }: { onCreate: () => void }) {
  return (
    <section className="grid justify-items-center rounded-xl border border-dashed border-control px-6 py-14 text-center">
      <span className="grid size-12 place-items-center rounded-xl bg-sunken text-muted">
        <Icon name="key" className="size-6" />
      </span>
      <h2 className="mt-4 font-semibold">Create your first key</h2>
      <p className="mt-1 max-w-md text-muted">
        Your programs send a key with every API call to authenticate as you. All you need to choose is a name.
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

/** Shown if the filter matches none of the user's keys. */
export function NoMatch({ filter, onClear }: { filter: Filter; onClear: () => void }) {
  const search = filter.search.trim()
  return (
    <NoneFound onClear={onClear}>
      {search
        ? `No ${filter.status === "active" ? "active key" : "key"} has “${search}” in its label.`
        : "No active keys."}
    </NoneFound>
  )
}
