import type { ApiKey, ApiKeyRotation, ApiKeyUpdate, CreatedApiKey, Me, NewApiKey } from "@latchkey/sdk"
import { useEffect, useMemo, useSyncExternalStore } from "react"
import type { ConnectionOptions } from "./client/createClient.ts"
import { createKeyStore, INITIAL_STATE, type KeyStore, type KeysState } from "./keys/createKeyStore.ts"

/** The user's keys, for pages that render them by themselves. */
export interface ApiKeysResult {
  /**
   * All active keys and those that ended most recently, newest first. Undefined until they are loaded, and on a
   * server.
   */
  keys: readonly ApiKey[] | undefined
  /** The user and their scopes. Undefined until they are loaded. */
  me: Me | undefined
  /** Whether the credential may only read. Undefined until that is known. */
  isReadOnly: boolean | undefined
  /** The accepted calls of each key by its id, a number for each of the last 30 days, today last. Undefined if unknown. */
  usage: ReadonlyMap<string, readonly number[]> | undefined
  /** Why the last attempt to load the keys failed. Usually a `LatchkeyError`. */
  error: unknown
  /** @throws {LatchkeyError} as `apiKeys.create` of the SDK, as do the others. */
  create(input: NewApiKey): Promise<CreatedApiKey>
  update(id: string, change: ApiKeyUpdate): Promise<ApiKey>
  rotate(id: string, rotation?: ApiKeyRotation): Promise<CreatedApiKey>
  /** Also resolves if the key is already revoked. */
  revoke(id: string): Promise<void>
  /** Loads the keys again, which happens every few seconds anyway. */
  reload(): Promise<void>
}

/**
 * Loads the user's keys, and keeps them up to date. A change of `baseUrl`, `headers` or `credentials` starts over;
 * functions may be new ones on each render.
 */
export function useApiKeys(options: ConnectionOptions): ApiKeysResult {
  return toResult(useKeyStore(options))
}

/** As `useApiKeys`, with the store itself. */
export function useKeyStore({
  baseUrl,
  getToken,
  headers,
  credentials,
  onUnauthenticated,
}: ConnectionOptions): {
  store: KeyStore
  state: KeysState
} {
  const hasToken = getToken !== undefined
  const headersText = JSON.stringify(headers)
  // biome-ignore lint/correctness/useExhaustiveDependencies: new functions don't start over.
  const { store, functions } = useMemo(() => {
    // Each store has its own: one that was replaced must not continue a call with a token of the next owner.
    const functions = { getToken, onUnauthenticated }
    const store = createKeyStore({
      baseUrl,
      credentials,
      headers: headersText === undefined ? undefined : JSON.parse(headersText),
      getToken: hasToken ? (rejected) => functions.getToken?.(rejected) ?? "" : undefined,
      onUnauthenticated: () => functions.onUnauthenticated?.(),
    })
    return { store, functions }
  }, [baseUrl, headersText, credentials, hasToken])
  useEffect(() => void Object.assign(functions, { getToken, onUnauthenticated }))
  const state = useSyncExternalStore(store.subscribe, store.getState, getServerState)
  return { store, state }
}

const getServerState = () => INITIAL_STATE

function toResult({ store, state }: ReturnType<typeof useKeyStore>): ApiKeysResult {
  return {
    keys: state.keys ?? undefined,
    me: state.me ?? undefined,
    isReadOnly: state.me ? isReadOnly(state) : undefined,
    usage: state.usage ?? undefined,
    error: state.failure,
    ...actionsOf(store),
  }
}

const actionsOf = ({ create, update, rotate, revoke, reload }: KeyStore) => ({
  ...{ create, update, revoke, reload },
  rotate: (id: string, rotation: ApiKeyRotation = {}) => rotate(id, rotation),
})

/** Whether the credential can change nothing. API keys can't manage keys. */
export const isReadOnly = ({ me }: Pick<KeysState, "me">): boolean =>
  me?.manage === "read" || me?.via === "apiKey"
