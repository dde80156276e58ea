import {
  account,
  activeToken,
  apiKey,
  apiKeyUsage,
  auditEvent,
  createApiKey,
  createdApiKey,
  createOwnerToken,
  credentials,
  currentPassword,
  emailVerification,
  id,
  inactiveToken,
  introspect,
  listApiKeys,
  listAudit,
  listedUser,
  listOwnedApiKeys,
  listUsers,
  me,
  newCredentials,
  ownedApiKey,
  ownerToken,
  passwordAndCode,
  passwordChange,
  passwordReset,
  passwordResetRequest,
  rateLimit,
  recoveryCodes,
  refresh,
  reportLeakedApiKey,
  resetLink,
  revokeWhere,
  revokeWhereConditions,
  revokeWherePreview,
  revokeWhereResult,
  rotateApiKey,
  session,
  sessionList,
  signedIn,
  signIn,
  subjectReference,
  totpCode,
  totpSetup,
  updateApiKey,
  usageOfAllApiKeys,
  usageOfApiKey,
  usageOfApiKeys,
} from "@latchkey/contract/schemas"
import { z } from "zod"

const EMAIL = "The user's email address."
const ISSUER =
  "Who vouches for the user: `latchkey` for accounts of Latchkey's own, `host` for the product's users."
const SESSION =
  "`cookie` sets the refresh token as an `HttpOnly` cookie instead of returning it. Only for pages of Latchkey's own origin."
const TOTP = "The current code of the authenticator app: 6 digits, each valid once."
const RECOVERY_CODE = "One of the recovery codes, each valid once."
const SUBJECT = "The id of the user at the issuer."

/**
 * Describes the fields of the contract's schemas for OpenAPI. This is not done in the contract, because browsers would then
 * load the descriptions. Schemas that extend others share their fields, and thus their descriptions.
 *
 * @param outputs the schemas of the procedures' outputs. Every list makes its own schema of a page.
 */
export function describeFields(outputs: readonly (z.ZodType | undefined)[]) {
  for (const output of outputs) {
    if (!(output instanceof z.ZodObject && "nextCursor" in output.shape)) continue
    describe(output.shape, {
      items: "The items of the page.",
      nextCursor: "The `cursor` of the next page; null on the last page.",
    })
  }
  describe(signedIn.shape.user.shape, {
    id: "The id of the user.",
    email: EMAIL,
    role: "What the user may do: `admin` for administrators.",
    createdAt: "When the account was created.",
  })
  describe(me.shape, {
    id: "The id of the user.",
    issuer: ISSUER,
    subject: SUBJECT,
    email: "The user's email address; null if unknown.",
    role: "What the user may do: `admin` for administrators.",
    createdAt: "When Latchkey first stored the user; null if it has not.",
    actor: "The person who acts for the user, if that is somebody else.",
    scopes: "The scopes of the credential.",
    via: "The kind of credential: `jwt` for access tokens, `host` for the product's own means, such as its cookie.",
    manage: "`read` if the credential may list keys, but not change them.",
    apiKeyId: "The id of the API key, if one was used.",
  })
  describe(introspect.shape, {
    token: "The API key or access token that the client presented to you.",
    address: "The IP address of that client.",
  })
  describe(activeToken.shape, {
    active: "Whether the token is valid now.",
    iss: ISSUER,
    sub: SUBJECT,
    act: "The person who acts for the user, if that is somebody else.",
    client_id: "The id of the API key, or of the client to which the access token was issued.",
    scope: "All scopes of the token, separated by spaces.",
    token_type: "The kind of token.",
    iat: "When the API key was created or the access token issued, in seconds since 1970.",
    exp: "When the token expires, in seconds since 1970. Absent if never.",
    metadata: "What the product has stored with the API key.",
  })
  describe(activeToken.shape.act.unwrap().shape, { sub: "The id of the person." })
  describe(inactiveToken.shape, { active: "Whether the token is valid now." })
  describe(credentials.shape, {
    email: EMAIL,
    password: "The password.",
    session: SESSION,
  })
  describe(newCredentials.shape, { email: EMAIL })
  describe(signIn.shape, {
    email: EMAIL,
    password: "The password.",
    session: SESSION,
    challenge:
      "What the previous call returned with `SECOND_FACTOR_REQUIRED`. Stands for `email` and `password`.",
    totp: TOTP,
    recoveryCode: RECOVERY_CODE,
  })
  describe(currentPassword.shape, { currentPassword: "The current password." })
  describe(passwordAndCode.shape, {
    currentPassword: "The current password.",
    totp: TOTP,
    recoveryCode: RECOVERY_CODE,
  })
  describe(totpCode.shape, { totp: TOTP })
  describe(totpSetup.shape, {
    secret: "The secret in base32, for typing.",
    uri: "The `otpauth://` URI for a QR code.",
  })
  describe(recoveryCodes.shape, {
    recoveryCodes: "10 codes. Each can replace a TOTP code once.",
  })
  describe(account.shape, {
    emailVerified: "Whether the user has proved that the email is theirs.",
    canVerifyEmail: "Whether the server can send a link to verify the email.",
    secondFactor: "The state of the second factor.",
  })
  describe(account.shape.secondFactor.shape, {
    enabledAt: "When the second factor was set up; null without one.",
    recoveryCodes: "How many recovery codes are left.",
    required: "Whether the user needs a second factor to act as an administrator.",
  })
  describe(refresh.unwrap().shape, {
    refreshToken: "The newest refresh token of the session. Omit it to use the session cookie.",
  })
  describe(passwordChange.shape, {
    currentPassword: "The current password.",
    newPassword: "The new password.",
  })
  describe(passwordResetRequest.shape, { email: EMAIL })
  describe(emailVerification.shape, { token: "The token of the link, from its fragment." })
  describe(passwordReset.shape, {
    token: "The token of the link, from its fragment.",
    newPassword: "The new password.",
  })
  describe(resetLink.shape, {
    token: "The token of the link.",
    url: "The link; null if the server does not know where users reach its dashboard (`PUBLIC_URL`).",
    expiresAt: "When the link expires.",
  })
  describe(signedIn.shape, {
    user: "The user who signed in.",
    accessToken: "A JWT, valid for minutes.",
    accessTokenExpiresAt: "When the access token expires.",
    refreshToken: "Valid for one refresh. Omitted if it is in a cookie.",
  })

  describe(id.shape, { id: "The id." })
  describe(subjectReference.shape, { issuer: ISSUER, subject: SUBJECT })
  describe(apiKey.shape, {
    id: "The id of the API key. This is not the key itself.",
    label: "The user's name for the key.",
    start: "The key's prefix and first 8 characters, for display.",
    scopes: "What the key may do; null for every scope of its owner.",
    allowedIps: "The CIDR blocks from which the key may be used; null for any address.",
    rateLimit:
      "How many calls the key may make, by its own limit or the server's configuration; null without a limit.",
    disabled: "Whether the key is rejected until it is enabled again.",
    locked:
      "Whether the product has set the scopes, addresses and limit, so that the owner can't change them.",
    metadata: "What the product has stored with the key.",
    replaces: "The id of the API key that this one replaces.",
    replacedBy: "The id of the API key that replaces this one.",
    createdBy: "The person who created the key, or else the owner's subject.",
    createdAt: "When the key was created.",
    lastUsedAt: "When the key was last used, accurate to a few seconds; null if never.",
    expiresAt: "When the key expires; null if never.",
    revokedAt: "When the key was revoked; null unless revoked.",
  })
  describe(createApiKey.shape, {
    label: "The user's name for the key: 1 to 100 characters.",
    expiresAt:
      "When the key expires: a time with a zone, or a date such as `2030-01-31`, until the end of that day in UTC. Omit it or set it to null for a key that never expires.",
    scopes:
      "What the key may do. Omit it or set it to null for every scope of the owner, including any declared later.",
    allowedIps:
      "1 to 20 IPv4 or IPv6 addresses or CIDR blocks from which the key may be used. Omit it or set it to null for any address.",
    rateLimit:
      "How many calls the key may make. Omit it or set it to null for the limit that the server's configuration sets, if any, which is also the highest that users can set.",
    metadata: "At most 20 named texts, 2 KiB together. Only the product itself can set it.",
    lock: "Whether the owner can't change the scopes, addresses and limit that are set here. Only the product itself can set it; true by default if any of them is set.",
  })
  describe(updateApiKey.shape, {
    label: "The user's name for the key: 1 to 100 characters.",
    disabled: "Whether the key is rejected until it is enabled again.",
  })
  describe(rotateApiKey.shape, {
    grace:
      "How many seconds the old key stays valid, unless it expires earlier: up to 30 days. 0 revokes it at once.",
    expiresAt:
      "When the new key expires, as for a created one. Omit it for the old key's expiry, or set it to null for a key that never expires.",
  })
  describe(rateLimit.shape, {
    limit: "The number of calls in the window.",
    window: "The length of the window in seconds. A window begins with its first call.",
  })
  for (const input of [usageOfApiKey, usageOfAllApiKeys.unwrap()]) {
    describe(input.shape, { days: "The number of days, including today. Days are in UTC." })
  }
  describe(apiKeyUsage.shape, { items: "One item for each day, the oldest first; the last is today." })
  describe(apiKeyUsage.shape.items.element.shape, {
    date: "The day.",
    accepted: "Calls that were accepted.",
    limited: "Calls that were refused because of the key's rate limit.",
  })
  describe(usageOfApiKeys.shape, {
    dates: "The days, the oldest first; the last is today.",
    items: "The API keys that were used, with the most used first.",
  })
  describe(usageOfApiKeys.shape.items.element.shape, {
    apiKeyId: "The id of the API key.",
    accepted: "Calls that were accepted, a number for each of `dates`.",
    limited: "Calls that were refused because of the key's rate limit, a number for each of `dates`.",
  })
  describe(reportLeakedApiKey.shape, { key: "The found key, exactly as it was found." })
  describe(createdApiKey.shape, { key: "The key itself. Latchkey keeps no copy." })
  describe(createOwnerToken.shape, {
    manage: "`read` for a token that changes nothing.",
    ttl: "How many seconds the token is valid.",
  })
  describe(ownerToken.shape, {
    accessToken: "A JWT, for `Authorization: Bearer`.",
    expiresAt: "When the token expires.",
  })
  describe(ownedApiKey.shape, { owner: "The user to whom the key belongs." })
  describe(ownedApiKey.shape.owner.shape, {
    disabledAt: "When the user was disabled; null unless disabled. Keys of disabled users are rejected.",
  })

  describe(revokeWhere.shape, {
    where:
      "Which API keys to revoke. There must be at least one condition, and an API key must meet all of them.",
    preview: "True to revoke nothing yet.",
    confirm: "The `confirm` of the preview.",
  })
  describe(revokeWhereConditions.shape, {
    createdBefore: "Created before this time.",
    createdAfter: "Created at this time or later.",
    unusedSince: "Neither used nor created since this time.",
    issuer: "Who vouches for the owner.",
    subject: "The id of the owner at the issuer.",
    createdBy: "The person who created the key, or else the owner's subject.",
    labelContains: "A part of the label, ignoring case.",
    scope:
      "A scope that the key has. A product's scope also finds API keys that have every scope of their owner.",
  })
  describe(revokeWherePreview.shape, {
    count: "The number of active API keys that match.",
    sample: "Up to 10 of them, the newest first.",
    confirm: "Confirms the revocation.",
  })
  describe(revokeWhereResult.shape, {
    revoked: "How many API keys were revoked, including those of earlier attempts.",
  })

  describe(session.shape, {
    id: "The id of the session.",
    device: 'The browser and system, such as "Chrome on Linux"; null if unknown.',
    address: "The IP address from which the session last received an access token; null if unknown.",
    createdAt: "When the user signed in.",
    lastUsedAt: "When the session last received an access token.",
    current: "Whether the request was made with this session.",
  })
  describe(sessionList.shape, {
    items: "The current session first, then the others, most recently used first.",
  })
  describe(listedUser.shape, {
    createdAt: "When the account was created, or the user first stored.",
    disabledAt: "When the user was disabled; null unless disabled.",
    activeKeys: "The number of keys neither revoked nor expired.",
    hasSecondFactor:
      "Whether the account has a second factor; false for users without an account of Latchkey's own.",
  })
  describe(auditEvent.shape, {
    id: "The id of the event.",
    kind: "What happened.",
    createdAt: "When it happened, or first happened.",
    lastAt: "When the last failure of the group happened; otherwise the same as `createdAt`.",
    count: "The number of failures in the group, or of sessions ended; otherwise 1.",
    via: "The kind of credential used.",
    credentialId:
      "The id of the session or API key used, or of the API key that created the owner token; null for other credentials and administrators.",
    actor: "The person who acted for the user, if that is somebody else; null for administrators.",
    byAdministrator: "Whether an administrator was responsible for the event.",
    address:
      "The IP address; null for administrators, for changes without a request, and for failures from too many addresses to record.",
    device: 'The browser and system, such as "Chrome on Linux"; null if unknown or if `address` is null.',
    requestId: "The id of the request.",
    subject: "The session or API key affected, with its device or label at the time.",
    changes: "What an update or a rotation has changed, by the name of the field; null for other events.",
  })
  describe(auditEvent.shape.subject.unwrap().shape, {
    id: "The id of the session or API key.",
    label: "The device of the session or the label of the API key at the time; null if unknown.",
  })

  describe(listAudit.out.shape, {
    cursor: "The `nextCursor` of the previous page. Omit it to get the first page.",
    limit: "The maximum number of items on the page.",
    kind: "Return only events of this kind.",
  })
  describe(listApiKeys.out.shape, { search: "Return only API keys whose label contains this text." })
  describe(listUsers.out.shape, {
    status: "Which users to return.",
  })
  describe(listOwnedApiKeys.out.shape, {
    status: "Which API keys to return: `all` includes revoked and expired ones.",
    userId: "Return only the API keys of this user.",
    origin: "Which API keys to return: `imported` are those that were brought from another system.",
    search: "Return only items that match this text.",
  })
}

/** Adds to each field's metadata, which every use of the field in a JSON Schema then includes. */
function describe<Fields extends Readonly<Record<string, z.ZodType>>>(
  fields: Fields,
  descriptions: { readonly [Field in keyof Fields]?: string },
) {
  for (const [name, description] of Object.entries(descriptions)) {
    const field = fields[name]
    if (field) z.globalRegistry.add(field, { ...z.globalRegistry.get(field), description })
  }
}
