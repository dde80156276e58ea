import type { ApiKey } from "@latchkey/sdk"
import { useRef, useState } from "react"
import { ApiKeyFilter, type Filter } from "../apiKeys/ApiKeyFilter.tsx"
import { ApiKeyTable } from "../apiKeys/ApiKeyTable.tsx"
import { ApiKeyTableSkeleton } from "../apiKeys/ApiKeyTableSkeleton.tsx"
import { CreateKeyDialog } from "../apiKeys/CreateKeyDialog.tsx"
import { NoKeysYet, NoMatch } from "../apiKeys/NoKeys.tsx"
import { RevokeKeyDialog } from "../apiKeys/RevokeKeyDialog.tsx"
import { useApiKeys } from "../apiKeys/useApiKeys.ts"
import { useRevokeApiKey } from "../apiKeys/useRevokeApiKey.ts"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { Icon } from "../components/Icon.tsx"
import { Pager } from "../components/lists/Pager.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { useDebounced } from "../useDebounced.ts"
import { usePages } from "../usePages.ts"

const ALL_KEYS: Filter = { status: "all", search: "" }

export function ApiKeysPage() {
  const [filter, setFilter] = useState(ALL_KEYS)
  const search = useDebounced(filter.search.trim(), 200)
  const pages = usePages()
  const list = useApiKeys({ status: filter.status, search, cursor: pages.cursor })
  const revoke = useRevokeApiKey()
  const [isCreating, setCreating] = useState(false)
  const [toRevoke, setToRevoke] = useState<{ apiKey: ApiKey; isOpen: boolean }>()
  const isRevoked = useRef(false)
  const heading = useRef<HTMLHeadingElement>(null)
  const createButton = useRef<HTMLButtonElement>(null)

  function changeFilter(next: Filter) {
    setFilter(next)
    pages.toFirst()
  }

  const { data } = list
  const isEmpty = data?.items.length === 0 && pages.page === 1 && !list.isPlaceholderData
  const isFirstVisit = isEmpty && filter.status === "all" && search === "" && filter.search === ""

  return (
    <>
      <div className="mb-6 flex flex-wrap items-start justify-between gap-4">
        <PageHeading
          ref={heading}
          title="API keys"
          description="Programs use a key to call the API as you. Keep keys as safe as passwords."
        />
        {!isFirstVisit && (
          <Button ref={createButton} kind="primary" onClick={() => setCreating(true)}>
            <Icon name="plus" />
            Create key
          </Button>
        )}
      </div>

      {isFirstVisit ? (
        <NoKeysYet onCreate={() => setCreating(true)} />
      ) : (
        <>
          <div className="mb-4">
            <ApiKeyFilter filter={filter} onChange={changeFilter} />
          </div>
          {list.isError ? (
            <FormError error={list.error} />
          ) : !data || (list.isPlaceholderData && data.items.length === 0) ? (
            <ApiKeyTableSkeleton />
          ) : isEmpty ? (
            <NoMatch filter={filter} onClear={() => changeFilter(ALL_KEYS)} />
          ) : (
            <ApiKeyTable
              apiKeys={data.items}
              isStale={list.isPlaceholderData}
              onRevoke={(apiKey) => {
                isRevoked.current = false
                setToRevoke({ apiKey, isOpen: true })
              }}
            />
          )}
          <Pager
            items="keys"
            page={pages.page}
            hasNext={Boolean(data?.nextCursor) && !list.isPlaceholderData}
            onPrevious={pages.toPrevious}
            onNext={() => data?.nextCursor && pages.toNext(data.nextCursor)}
          />
        </>
      )}

      <CreateKeyDialog
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        finalFocus={() => createButton.current ?? true}
      />
      {toRevoke && (
        <RevokeKeyDialog
          {...toRevoke}
          finalFocus={() => (isRevoked.current && heading.current) || true}
          onClose={() => setToRevoke({ ...toRevoke, isOpen: false })}
          onRevoke={() => {
            isRevoked.current = true
            setToRevoke({ ...toRevoke, isOpen: false })
            revoke.mutate(toRevoke.apiKey)
          }}
        />
      )}
    </>
  )
}
