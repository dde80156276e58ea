import {
  apiKey,
  apiKeyUsage,
  createApiKey,
  createdApiKey,
  id,
  listApiKeys,
  noOutput,
  pageOf,
  reportLeakedApiKey,
  rotateApiKey,
  updateApiKey,
  usageOfAllApiKeys,
  usageOfApiKey,
  usageOfApiKeys,
} from "@latchkey/contract/schemas"
import { callerProcedure, ownerProcedure, publicProcedure, router } from "../procedures.ts"

export const apiKeysRouter = router({
  create: ownerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/apikeys",
        status: 201,
        reasons: ["INSUFFICIENT_SCOPE", "KEY_LIMIT_REACHED"],
        summary: "Create an API key",
        description:
          "Creates an API key and returns it in `key`. The key is shown only this once, so store it securely. It never expires unless `expiresAt` is set. A date such as `2030-01-31` is the end of that day in UTC. It has every scope of its owner unless `scopes` is set. With `allowedIps`, it is rejected from other addresses, and if its client's address is not known. Scopes of Latchkey itself have to be named: `latchkey:apikeys:read` lets a key with scopes list keys; `latchkey:introspect` and `latchkey:manage` are for keys of administrators. API keys can't create keys.",
      },
    })
    .input(createApiKey)
    .output(createdApiKey)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.create(ctx.caller, input, ctx.latchkey.request)),

  list: callerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      scope: "latchkey:apikeys:read",
      rest: {
        method: "GET",
        path: "/auth/apikeys",
        status: 200,
        summary: "List API keys",
        description:
          "Returns the user's API keys, newest first, without their secrets. Only active keys are listed unless `status` is `all`, which includes revoked and expired ones. `search` matches any part of the label, ignoring case. A key with scopes needs `latchkey:apikeys:read`.",
      },
    })
    .input(listApiKeys)
    .output(pageOf(apiKey))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.apiKeys.list(ctx.caller.owner, { ...input, cursor: input.cursor ?? null }),
    ),

  get: ownerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      rest: {
        method: "GET",
        path: "/auth/apikeys/{key_id}",
        status: 200,
        params: { key_id: "id" },
        summary: "Get an API key",
        description: "Returns one of the user's API keys, active or not, without its secret.",
      },
    })
    .input(id)
    .output(apiKey)
    .query(({ ctx, input }) => ctx.latchkey.auth.apiKeys.get(ctx.caller.owner, input)),

  update: ownerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      rest: {
        method: "PATCH",
        path: "/auth/apikeys/{key_id}",
        status: 200,
        reasons: ["INSUFFICIENT_SCOPE"],
        params: { key_id: "id" },
        summary: "Change an API key",
        description:
          "Changes an active API key, and returns it. Fields that are left out stay as they are, and null lifts a restriction. As soon as this returns, every instance applies the change to requests that arrive afterwards: a disabled key is rejected everywhere until it is enabled again. Returns `FORBIDDEN` for scopes, addresses and limits that the product has locked. The key itself stays the same. API keys can't change keys.",
      },
    })
    .input(updateApiKey)
    .output(apiKey)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.update(ctx.caller, input, ctx.latchkey.request)),

  rotate: ownerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/apikeys/{key_id}/rotate",
        status: 201,
        reasons: ["INSUFFICIENT_SCOPE", "ALREADY_REPLACED"],
        params: { key_id: "id" },
        summary: "Replace an API key",
        description:
          "Creates an API key with the settings of an active one, and returns it in `key`, only this once. It replaces the old key, which stays valid for `grace` seconds, unless it expires earlier. With a `grace` of 0 the old key is revoked: as soon as this returns, every instance rejects it. A key can be replaced once; replacing its replacement ends it at once. The two share the rate limit's counter, and the old one no longer counts towards the limit of keys. API keys can't replace keys.",
      },
    })
    .input(rotateApiKey)
    .output(createdApiKey)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.rotate(ctx.caller, input, ctx.latchkey.request)),

  usage: ownerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      rest: {
        method: "GET",
        path: "/auth/apikeys/{key_id}/usage",
        status: 200,
        params: { key_id: "id" },
        summary: "Get the usage of an API key",
        description:
          "Returns how many calls were made with one of the user's API keys, active or not, on each of the last `days` in UTC, and how many were refused because of the key's rate limit. Accurate to a few seconds. Usage is kept for 90 days.",
      },
    })
    .input(usageOfApiKey)
    .output(apiKeyUsage)
    .query(({ ctx, input }) => ctx.latchkey.auth.apiKeys.usage(ctx.caller.owner, input)),

  usageOfAll: ownerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      rest: {
        method: "GET",
        path: "/auth/apikeys/usage",
        status: 200,
        summary: "Get the usage of all API keys",
        description:
          "Returns the same for all active API keys of the user at once, as columns: `accepted` and `limited` have a number for each of `dates`. Keys without calls are left out. At most 1,000 keys are listed, with the most used first.",
      },
    })
    .input(usageOfAllApiKeys)
    .output(usageOfApiKeys)
    .query(({ ctx, input }) => ctx.latchkey.auth.apiKeys.usageOfAll(ctx.caller.owner, input)),

  revoke: callerProcedure
    .meta({
      sparesOwnKey: true,
      managers: "owner",
      ownerTokens: true,
      rest: {
        method: "DELETE",
        path: "/auth/apikeys/{key_id}",
        status: 204,
        reasons: ["FORBIDDEN"],
        params: { key_id: "id" },
        summary: "Revoke an API key",
        description:
          "Revokes an API key permanently. As soon as this returns, every instance rejects the key. An API key can revoke only itself.",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.revoke(ctx.caller, input, ctx.latchkey.request)),

  reportLeaked: publicProcedure
    .meta({
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/apikeys/leaked",
        status: 202,
        reasons: ["RATE_LIMITED"],
        summary: "Report a leaked API key",
        description:
          "Revokes the API key in the body, even if it is disabled or expired, and whatever its addresses and limits. Anyone who has found a key may call this, without a credential. The response is the same for a key that is unknown or was revoked. As soon as it returns, every instance rejects the key.",
      },
    })
    .input(reportLeakedApiKey)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.reportLeakedKey(input.key, ctx.latchkey.request)),
})
