import { PAGE_SETTINGS_NAME, type PageSettings } from "@latchkey/contract"

const DEFAULTS: PageSettings = {
  product: { name: "Latchkey" },
  signIn: "password",
  registration: "open",
  sendsMail: true,
}

/**
 * The settings that the server has passed to the page. The development server passes none, so the defaults apply there.
 */
export const settings: PageSettings = read()

export const { product } = settings

function read(): PageSettings {
  const meta = document.querySelector<HTMLMetaElement>(`meta[name="${PAGE_SETTINGS_NAME}"]`)
  return meta ? JSON.parse(meta.content) : DEFAULTS
}
