import type { ApiKey, ApiKeyRotation, ApiKeyUpdate, CreatedApiKey, Me, NewApiKey } from "@latchkey/sdk"
import { type Client, type ConnectionOptions, createClient } from "../client/createClient.ts"
import { hasReason, mayBeDone } from "../client/isAway.ts"
import { keepUpToDate } from "./keepUpToDate.ts"
import { hasEnded } from "./keyState.ts"
import { loadActiveKeys, loadMe, loadNewestKeys, loadUsage } from "./loadKeys.ts"

/** The known state of the user's keys. */
export interface KeysState {
  /** Changes when the credential turns out to belong to another user, or to nobody. */
  owner: symbol
  /** Null until they are loaded for the first time. */
  keys: readonly ApiKey[] | null
  /** Null until it is loaded. */
  me: Me | null
  /** The accepted calls of each key by its id, a number for each of the last 30 days. Null if unknown. */
  usage: ReadonlyMap<string, readonly number[]> | null
  /** Why the last attempt to load failed; null once an attempt has succeeded. It is tried again if `isAway`. */
  failure: unknown
}

/** The keys of one user, kept up to date while there are subscribers. */
export interface KeyStore {
  getState(): KeysState
  /** Loads the keys, and keeps them up to date until the returned function is called. */
  subscribe(listener: () => void): () => void
  /** Loads the keys now. Does not throw: the state shows failures. */
  reload(): Promise<void>
  client: Client
  create(input: NewApiKey): Promise<CreatedApiKey>
  update(id: string, change: ApiKeyUpdate): Promise<ApiKey>
  rotate(id: string, rotation: ApiKeyRotation): Promise<CreatedApiKey>
  /**
   * Shows the key as revoked at once, and as before if that fails. It does not fail if the key has already ended.
   */
  revoke(id: string): Promise<void>
}

export const INITIAL_STATE: KeysState = {
  owner: Symbol(),
  keys: null,
  me: null,
  usage: null,
  failure: null,
}

/** Milliseconds before the usage and the ended keys are loaded again. */
const FULL_REFRESH = 60_000

export function createKeyStore(options: ConnectionOptions): KeyStore {
  const listeners = new Set<() => void>()
  let state: KeysState = { ...INITIAL_STATE, owner: Symbol() }
  let client: Client | undefined
  let fullyLoadedAt = -Infinity
  /** Loads that began before a change must not undo it. */
  let changes = 0

  function setState(change: Partial<KeysState>) {
    state = { ...state, ...change }
    for (const listener of listeners) listener()
  }
  /** Shows what a call has returned, unless somebody else has signed in since the call was made. */
  const put = (apiKey: ApiKey, owner: symbol) => {
    if (owner !== state.owner) return
    changes++
    const others = state.keys?.filter(({ id }) => id !== apiKey.id) ?? []
    setState({ keys: [apiKey, ...others].sort(newestFirst) })
  }

  // Lazy, so that an invalid URL is reported like other failures, and rendering on a server reads nothing.
  const connect: Client = async (call) => {
    client ??= createClient(options)
    return client(call)
  }

  /** Forgets the user's keys after they have signed out or another user has signed in, perhaps in another tab. */
  function forget(failure: unknown = null) {
    fullyLoadedAt = -Infinity
    setState({ ...INITIAL_STATE, owner: Symbol(), failure })
  }

  async function load(): Promise<void> {
    const changesBefore = changes
    const isBrief = performance.now() - fullyLoadedAt < FULL_REFRESH
    const [active, newest, usage, me] = await Promise.all([
      loadActiveKeys(connect),
      isBrief ? null : loadNewestKeys(connect),
      isBrief ? null : loadUsage(connect),
      loadMe(connect),
    ])
    if (state.me && !isSameUser(me, state.me)) {
      forget()
      return load()
    }
    const isOutdated = changes !== changesBefore && state.keys !== null
    // The next load shows how a key has ended that was ended elsewhere.
    const hasLost = state.keys?.some((known) => isOpen(known) && !active.some(({ id }) => id === known.id))
    if (!isBrief) fullyLoadedAt = performance.now()
    else if (hasLost) fullyLoadedAt = -Infinity
    setState({
      me,
      failure: null,
      ...(!isOutdated && { keys: merge(active, newest ?? state.keys ?? []) }),
      ...(usage && {
        usage: new Map(usage.items.map(({ apiKeyId, accepted }) => [apiKeyId, accepted])),
      }),
    })
  }

  const refresh = keepUpToDate(load, {
    onFailure: (failure) => (hasReason(failure, "UNAUTHENTICATED") ? forget(failure) : setState({ failure })),
    onRestored: forget,
  })

  /** Makes a call that creates a key. If its response is lost, the list shows whether there is a new key. */
  const createBy: Client = async (call) => {
    try {
      return await connect(call)
    } catch (error) {
      if (mayBeDone(error)) void refresh.now()
      throw error
    }
  }

  const find = (id: string) => connect(({ apiKeys }) => apiKeys.get(id)).catch(() => null)

  return {
    client: connect,
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener)
      if (listeners.size === 1) refresh.start()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) refresh.stop()
      }
    },
    reload() {
      fullyLoadedAt = -Infinity
      return refresh.now()
    },
    async create(input) {
      const { owner } = state
      const created = await createBy(({ apiKeys }) => apiKeys.create(input))
      put(withoutKey(created), owner)
      return created
    },
    async update(id, change) {
      const { owner } = state
      const updated = await connect(({ apiKeys }) => apiKeys.update(id, change))
      put(updated, owner)
      return updated
    },
    async rotate(id, rotation) {
      const { owner } = state
      const created = await createBy(({ apiKeys }) => apiKeys.rotate(id, rotation))
      put(withoutKey(created), owner)
      fullyLoadedAt = -Infinity
      // The new key is shown without waiting for the new state of the old one.
      void connect(({ apiKeys }) => apiKeys.get(id)).then(
        (replaced) => put(replaced, owner),
        () => refresh.now(),
      )
      return created
    },
    async revoke(id) {
      const { owner, keys } = state
      const before = keys?.find((apiKey) => apiKey.id === id)
      if (before) put({ ...before, revokedAt: new Date() }, owner)
      try {
        await connect(({ apiKeys }) => apiKeys.revoke(id))
      } catch (error) {
        const found = hasReason(error, "NOT_FOUND") ? await find(id) : null
        if (found && hasEnded(found, Date.now())) return put(found, owner)
        if (before) put(before, owner)
        // If another user has signed in, the key is not theirs, and still lives.
        void refresh.now()
        throw error
      }
    },
  }
}

/** Members of an organization see the same keys, but may not all change them. */
const isSameUser = (a: Me, b: Me) => a.id === b.id && a.actor === b.actor

const isOpen = (apiKey: ApiKey) => !hasEnded(apiKey, Date.now())

const newestFirst = (a: ApiKey, b: ApiKey) => b.createdAt.getTime() - a.createdAt.getTime()

/** The active keys, and those other keys that are known to have ended. */
const merge = (active: readonly ApiKey[], others: readonly ApiKey[]): ApiKey[] => {
  const ids = new Set(active.map(({ id }) => id))
  return [...active, ...others.filter((apiKey) => !ids.has(apiKey.id) && !isOpen(apiKey))].sort(newestFirst)
}

/** Removes the secret, which the state of the list must not hold. */
const withoutKey = ({ key: _, ...apiKey }: CreatedApiKey): ApiKey => ({
  ...apiKey,
  lastUsedAt: null,
  revokedAt: null,
})
