/** A scope of the product, as users choose it. */
export interface ScopeOption {
  /** Such as `reports:read`. */
  name: string
  /** What it allows, in the user's words. */
  description?: string
}
