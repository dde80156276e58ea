import { z } from "zod"

/** An identity provider whose JWTs are accepted: an entry of `TRUSTED_ISSUERS`. */
export type TrustedIssuer = z.infer<typeof trustedIssuer>

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether a URL names a server that can't be impersonated: https, or this machine. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, hash } = new URL(text)
  if (username !== "" || password !== "" || hash !== "") return false
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname))
}

/**
 * Whether the discovery document of an issuer may name this URL: https, or this machine if the issuer is on it too. Another
 * issuer could otherwise make the server call services that listen only here.
 */
export const mayDiscover = (issuer: string, text: string): boolean =>
  isTrustworthyUrl(text) && (new URL(text).protocol === "https:" || new URL(issuer).protocol === "http:")

const url = z
  .string()
  .max(2_000)
  .refine(
    isTrustworthyUrl,
    "expected an https URL without credentials or a fragment (http only for loopback)",
  )

const name = z.string().min(1).max(255)
const names = z.union([name.transform((only) => [only]), z.array(name).min(1).max(20)])

/** Claims that a provider may assign to somebody else later, so that keys would change hands. */
const REASSIGNABLE = ["email", "upn", "preferred_username"]

const subjectClaims = names.refine(
  (claims) => !claims.some((claim) => REASSIGNABLE.includes(claim)),
  `expected claims that are never reassigned, so not ${REASSIGNABLE.join(", ")}`,
)

const trustedIssuer = z
  .strictObject({
    /** The exact `iss` of its tokens. Its discovery document must name the same one. */
    issuer: url.refine((text) => !text.includes("?"), "expected a URL without a query"),
    /** The accepted `aud` values. */
    audience: names.optional(),
    /** The URL of its key set; without it, OpenID Connect Discovery finds it. */
    jwksUri: url.optional(),
    /** The clients whose tokens are accepted, by `azp` or `client_id`. */
    authorizedParties: names.optional(),
    /** The claim that identifies the owner. With several, it is the first one that a token has. */
    subjectClaim: subjectClaims.default(["sub"]),
    /** The claim that identifies the person who acts for the owner. */
    actorClaim: name.optional(),
    /** The claim with the token's scopes. Without it, tokens have every scope. */
    scopeClaim: name.optional(),
    /** Accepts tokens whose audience is the client itself, as ID tokens have it. */
    allowClientAudience: z.boolean().default(false),
    /** Lets every token manage keys. */
    manage: z.literal("any").optional(),
  })
  .refine(({ audience, authorizedParties }) => audience ?? authorizedParties, {
    message: "expected audience or authorizedParties, else tokens for other services would be accepted",
  })

const trustedIssuers = z
  .array(trustedIssuer)
  .max(50)
  .superRefine((entries, ctx) => {
    entries.forEach(({ issuer }, index) => {
      if (entries.findIndex((entry) => entry.issuer === issuer) === index) return
      ctx.addIssue({ code: "custom", path: [index, "issuer"], message: "expected each issuer once" })
    })
  })

/** The input that an operator may write: with optional fields, and single names instead of lists. */
export type TrustedIssuerInput = z.input<typeof trustedIssuer>

/**
 * Checks the entries of `TRUSTED_ISSUERS`.
 *
 * @returns the entries, or a message for each field that is wrong, such as `[0].audience: expected …`.
 */
export function parseTrustedIssuers(value: unknown): { entries: TrustedIssuer[] } | { problems: string[] } {
  const parsed = trustedIssuers.safeParse(value)
  if (parsed.success) return { entries: parsed.data }
  return { problems: parsed.error.issues.map((issue) => `${pathOf(issue.path)}: ${messageOf(issue)}`) }
}

/** A name that does not look like a field's name may be a misplaced value. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "unrecognized_keys") return issue.message
  const names = issue.keys.filter((key) => /^[A-Za-z_]{1,30}$/.test(key))
  return names.length === 0 ? "has an unknown field" : `has an unknown field: ${names.join(", ")}`
}

const pathOf = (path: readonly PropertyKey[]) =>
  path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("") || "value"
