/** The settings that the server passes to the dashboard's page, which has them before its first call. */
export interface PageSettings {
  product: ProductSettings
  /**
   * How users sign in to the dashboard: `password` to accounts of Latchkey's own, `host` by the session of the product that
   * embeds Latchkey; `none`: not at all.
   */
  signIn: "password" | "host" | "none"
  /** Whether anybody may create an account. */
  registration: "open" | "closed"
  /** Whether the server sends mails with links to set a new password. */
  sendsMail: boolean
}

/** The product whose users the dashboard serves. */
export interface ProductSettings {
  name: string
  /** The URL of the logo, or its path on the page's own origin; absent for Latchkey's. */
  logo?: string | undefined
  /** In hexadecimal, such as `#0b7285`; absent for Latchkey's. */
  accentColor?: string | undefined
  /** The URL of the product's API, for examples of calls; absent if the product has not set it. */
  apiUrl?: string | undefined
}

/** The name of the `<meta>` element that holds the settings as JSON. */
export const PAGE_SETTINGS_NAME = "latchkey-settings"
