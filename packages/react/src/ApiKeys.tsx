import { type ReactElement, useEffect, useMemo, useRef, useState } from "react"
import { ActionDialog } from "./actions/ActionDialog.tsx"
import { type App, AppProvider, type DialogState } from "./app.ts"
import type { ConnectionOptions } from "./client/createClient.ts"
import { KeyScreen } from "./key/KeyScreen.tsx"
import { ListScreen } from "./list/ListScreen.tsx"
import { Notices } from "./parts/Notices.tsx"
import { useNotices } from "./parts/useNotices.ts"
import type { ScopeOption } from "./scopeOption.ts"
import { LanguageProvider, useChosenLanguage } from "./strings/context.ts"
import type { ApiKeysStrings } from "./strings/strings.ts"
import { isReadOnly, useKeyStore } from "./useApiKeys.ts"
import { useView, type ViewOptions } from "./view/useView.ts"

export interface ApiKeysProps extends ConnectionOptions, ViewOptions {
  /** The scopes to choose from. By default, those that the server declares. If empty, users can't choose scopes. */
  scopes?: readonly (string | ScopeOption)[] | undefined
  /** An address of your API for the examples, such as `https://api.company.tld/v1/reports`. */
  apiUrl?: string | undefined
  /** The environment variable in the examples. Default `LATCHKEY_API_KEY`. */
  variable?: string | undefined
  /** Offers no changes, even if the credential may make them. */
  readOnly?: boolean | undefined
  /** Texts that replace the English ones. */
  strings?: Partial<ApiKeysStrings> | undefined
  /** The language of dates and numbers, such as `de`. Default `en`. */
  locale?: string | undefined
  /** The level of the component's heading in your page. Default 2. */
  headingLevel?: 1 | 2 | 3 | undefined
}

/** The keys of the user: a list, a page for each key, and dialogs to create, rotate, edit and revoke them. */
export function ApiKeys({
  scopes,
  apiUrl,
  variable = "LATCHKEY_API_KEY",
  readOnly = false,
  strings,
  locale = "en",
  headingLevel = 2,
  view: chosenView,
  defaultView,
  onViewChange,
  hrefOf,
  ...connection
}: ApiKeysProps): ReactElement {
  const language = useChosenLanguage(strings, locale)
  const { store, state } = useKeyStore(connection)
  const { view, go } = useView({ view: chosenView, defaultView, onViewChange })
  const { owner } = state
  const [opened, setOpened] = useState<{ owner: symbol; dialog: DialogState } | null>(null)
  // When the page starts to act for another owner, dialogs about the previous owner's keys close.
  const dialog = opened?.owner === owner ? opened.dialog : null
  const { notices, notify, dismiss } = useNotices(owner)
  const root = useRef<HTMLDivElement>(null)
  useFocusOnNavigation(root, view.apiKeyId)

  const app: App = {
    ...{ store, state, view, go, apiUrl, variable, hrefOf, headingLevel },
    baseUrl: connection.baseUrl,
    isReadOnly: readOnly || isReadOnly(state),
    scopes: useScopeOptions(scopes, state.me?.scopes),
    openDialog: (dialog) => setOpened({ owner, dialog }),
    notify,
  }

  return (
    <LanguageProvider value={language}>
      <AppProvider value={app}>
        <div ref={root} data-latchkey="" data-part="root" lang={locale}>
          {view.apiKeyId === null ? <ListScreen /> : <KeyScreen key={view.apiKeyId} id={view.apiKeyId} />}
          {dialog && <ActionDialog dialog={dialog} onClose={() => setOpened(null)} />}
          <Notices notices={notices} onDismiss={dismiss} />
        </div>
      </AppProvider>
    </LanguageProvider>
  )
}

/** The focus goes to the heading of a key's page, and back to the key in the list. */
function useFocusOnNavigation(root: { current: HTMLElement | null }, apiKeyId: string | null) {
  const before = useRef(apiKeyId)
  useEffect(() => {
    const left = before.current
    before.current = apiKeyId
    if (left === apiKeyId) return
    const find = (selector: string) => root.current?.querySelector<HTMLElement>(selector)
    const row = apiKeyId === null ? find(`[data-part=row] [data-key-id="${CSS.escape(left ?? "")}"]`) : null
    const target = row ?? find("[data-part=heading]")
    target?.focus()
  }, [root, apiKeyId])
}

function useScopeOptions(
  chosen: ApiKeysProps["scopes"],
  declared: readonly string[] | undefined,
): readonly ScopeOption[] {
  return useMemo(
    () =>
      (chosen ?? declared?.filter((scope) => !scope.startsWith("latchkey:")) ?? []).map((scope) =>
        typeof scope === "string" ? { name: scope } : scope,
      ),
    [chosen, declared],
  )
}
