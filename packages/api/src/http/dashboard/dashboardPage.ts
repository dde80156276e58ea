import { readFileSync } from "node:fs"
import { join } from "node:path"
import { PAGE_SETTINGS_NAME, type PageSettings } from "@latchkey/contract"
import { escapeHtml } from "./escapeHtml.ts"

/** The dashboard's page as this server serves it. */
export interface DashboardPage {
  html: string
  /** The page's Content-Security-Policy. */
  policy: string
}

/**
 * Reads the built page, and gives it the settings and the base path. As built, it refers to its files by absolute paths; all
 * other files refer to each other by relative ones.
 *
 * @param basePath the path of the URL under which the page is served, or "".
 * @throws if the page has not been built.
 */
export function readDashboardPage(folder: string, settings: PageSettings, basePath: string): DashboardPage {
  const { name, logo } = settings.product
  const meta = `<meta name="${PAGE_SETTINGS_NAME}" content="${escapeHtml(JSON.stringify(settings))}" />`
  const html = readFileSync(join(folder, "index.html"), "utf8")
    .replaceAll(/(src|href)="\//g, `$1="${basePath}/`)
    .replace(/<link rel="icon"[^>]*>/, (icon) =>
      logo === undefined ? icon : `<link rel="icon" href="${escapeHtml(logo)}" />`,
    )
    .replace(/<title>[^<]*<\/title>/, () => `${meta}\n    <title>${escapeHtml(name)}</title>`)
  return { html, policy: pagePolicy(logo) }
}

/**
 * The page may load from and connect to its own origin only, except for the product's logo: no inline scripts or styles, no
 * frames, no form submissions.
 */
function pagePolicy(logo: string | undefined): string {
  return [
    "default-src 'none'",
    ...["script-src", "style-src"].map((kind) => `${kind} 'self'`),
    ["img-src 'self'", ...sourceOf(logo)].join(" "),
    ...["font-src", "connect-src"].map((kind) => `${kind} 'self'`),
    ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
    "require-trusted-types-for 'script'",
  ].join("; ")
}

/** A source expression that matches only this image (CSP3, section 2.3.1). It does not include the query. */
function sourceOf(logo: string | undefined): string[] {
  if (logo === undefined || logo.startsWith("/")) return []
  const { origin, pathname } = new URL(logo)
  return [origin + pathname.replaceAll(";", "%3B").replaceAll(",", "%2C")]
}
