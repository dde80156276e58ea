import { randomUUID } from "node:crypto"
import type {
  ApiKeyChange,
  ApiKeyUsage,
  CreateApiKeyInput,
  ListApiKeysInput,
  RotateApiKeyInput,
  UsageOfApiKeys,
  UsageOfApiKeysInput,
} from "@latchkey/contract"
import {
  apiKeyChange,
  createApiKey,
  listApiKeys,
  rotateApiKey,
  usageOfAllApiKeys,
} from "@latchkey/contract/schemas"
import type { ActingCredential } from "@latchkey/db"
import type { z } from "zod"
import type { Origin } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import type { NamedOwner } from "../identities/administrator.ts"
import { isSubject } from "../identities/isSubject.ts"
import type { ReadOwner } from "../identities/readOwner.ts"
import type { Scopes } from "../identities/scopes.ts"
import type { Page } from "../readPage.ts"
import type { ActingApiKeys } from "./apiKeys.ts"
import { checkChange } from "./changedSettings.ts"
import type { KeyUsage } from "./keyUsage.ts"
import { readNewSettings } from "./newSettings.ts"
import type { ApiKey, CreatedApiKey } from "./toApiKey.ts"

/** An owner's keys, for the host's own code. */
export interface OwnerApiKeys {
  /** @throws {AuthError} `INVALID_INPUT`, `KEY_LIMIT_REACHED`, `FORBIDDEN` for a disabled owner. */
  create(input: CreateApiKeyInput): Promise<CreatedApiKey>
  /** The active keys, newest first. @throws {AuthError} `INVALID_INPUT`. */
  list(input?: ListApiKeysInput): Promise<Page<ApiKey>>
  /** One of the keys, whether it is active or not. @throws {AuthError} `NOT_FOUND`. */
  get(id: string): Promise<ApiKey>
  /**
   * Changes an active key. Fields that are left out stay as they are, and null lifts a restriction. Scopes, addresses
   * and limits that are set here are locked, unless `lock` is false.
   *
   * @throws {AuthError} `INVALID_INPUT`, `NOT_FOUND`, `FORBIDDEN` for a disabled owner.
   */
  update(id: string, change: ApiKeyChange): Promise<ApiKey>
  /**
   * Replaces an active key with a new one that has the same settings. The old one ends after `grace` seconds, a day
   * by default.
   *
   * @throws {AuthError} `INVALID_INPUT`, `NOT_FOUND`, `ALREADY_REPLACED`, `FORBIDDEN` for a disabled owner and for a
   *   key with a scope that only administrators can give.
   */
  rotate(id: string, input?: Omit<RotateApiKeyInput, "id">): Promise<CreatedApiKey>
  /**
   * How often one of the keys was used, whether it is active or not.
   *
   * @throws {AuthError} `INVALID_INPUT`, `NOT_FOUND`.
   */
  usage(id: string, input?: UsageOfApiKeysInput): Promise<ApiKeyUsage>
  /** How often each active key was used. @throws {AuthError} `INVALID_INPUT`. */
  usageOfAll(input?: UsageOfApiKeysInput): Promise<UsageOfApiKeys>
  /**
   * Once this has resolved, no instance accepts the key.
   *
   * @throws {AuthError} `NOT_FOUND`, `FORBIDDEN` for a disabled owner.
   */
  revoke(id: string): Promise<void>
}

/**
 * Acts for an owner without a request. The host's own code needs no credential; the audit trail says `server`.
 *
 * @param owner.issuer the host's by default.
 * @param options.actor the person who acts for the owner.
 * @throws {AuthError} `INVALID_INPUT` for an issuer that this server does not serve, or an impossible subject or actor.
 */
export type ActAs = (
  owner: { subject: string; issuer?: string | undefined },
  options?: { actor?: string | undefined },
) => { apiKeys: OwnerApiKeys }

export function createActAs(
  deps: { apiKeys: ActingApiKeys; usage: KeyUsage; scopes: Scopes; readOwner: ReadOwner },
  { hostIssuer }: { hostIssuer: string },
): ActAs {
  const { apiKeys, usage, scopes, readOwner } = deps

  return ({ subject, issuer = hostIssuer }, { actor } = {}) => {
    if (actor !== undefined && !isSubject(actor)) {
      throw new AuthError("INVALID_INPUT", "actor must have 1 to 255 characters", { field: "actor" })
    }
    const named: NamedOwner = { issuer, subject }
    const owner = readOwner(named)
    const by: ActingCredential = { owner, via: "server", ...(actor !== undefined && { actor }) }
    // The host's own code may grant every declared scope.
    const host = { scopes: scopes.declared, isScoped: false } as const

    return {
      apiKeys: {
        async create(input) {
          const settings = readNewSettings(parse(createApiKey, input), { isProduct: true })
          const granted = scopes.grant(host, settings.scopes, { isAdministrator: false })
          const created = await apiKeys.create(by, { ...settings, scopes: granted }, newOrigin())
          if (created === "ended") throw disabled()
          return created
        },

        async list(input) {
          const { cursor = null, ...filter } = parse(listApiKeys, input)
          return apiKeys.list(owner, { ...filter, cursor })
        },

        async get(id) {
          const apiKey = await apiKeys.get(owner, { id })
          if (!apiKey) throw new AuthError("NOT_FOUND", "The owner has no key with this id.")
          return apiKey
        },

        async update(id, input) {
          const change = checkChange(parse(apiKeyChange, input), {
            isProduct: true,
            isByManager: false,
            grant: (requested) => scopes.grant(host, requested, { isAdministrator: false }),
          })
          const result = await apiKeys.update(by, { id, change }, newOrigin())
          if (result === "ended") throw disabled()
          if (result === "notFound") throw notFound()
          return result
        },

        async rotate(id, input) {
          const rotation = parse(rotateApiKey, { ...input, id })
          const result = await apiKeys.rotate(
            by,
            {
              ...rotation,
              copyScopes: (stored) => scopes.copy(host, stored, { isAdministrator: false }),
            },
            newOrigin(),
          )
          if (result === "ended") throw disabled()
          if (result === "notFound") throw notFound()
          return result
        },

        async usage(id, input) {
          const { days } = parse(usageOfAllApiKeys, input)
          const items = await usage.ofKey(owner, { id, days })
          if (!items) throw new AuthError("NOT_FOUND", "The owner has no key with this id.")
          return { items }
        },

        usageOfAll: async (input) => usage.ofAll(owner, parse(usageOfAllApiKeys, input)),

        async revoke(id) {
          const result = await apiKeys.revoke(by, { id }, newOrigin())
          if (result === "ended") throw disabled()
          if (result === "notFound") throw notFound()
        },
      },
    }
  }
}

const newOrigin = (): Origin => ({ address: null, requestId: randomUUID(), device: null })

const notFound = () => new AuthError("NOT_FOUND", "The owner has no active key with this id.")

const disabled = () => new AuthError("FORBIDDEN", "The owner is disabled.")

/** Host code is checked like a client, because its types may be wrong at run time. */
function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(input)
  if (data !== undefined) return data
  const [issue] = error?.issues ?? []
  const field = issue?.path.join(".") || "input"
  throw new AuthError("INVALID_INPUT", `${field}: ${issue?.message}`, { field })
}
