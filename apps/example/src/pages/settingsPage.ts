import { html } from "hono/html"
import type { Member } from "../signIns.ts"
import { page } from "./page.ts"

/** The page for an organization's API keys. `browser/settings.jsx` renders its content. */
export const settingsPage = ({ name, organization }: Member) =>
  page(
    "API keys",
    html`<header>
        <strong>Tidewater</strong>
        <form method="post" action="/sign-out">
          <span class="muted">${name}, ${organization.name}</span>
          <button type="submit" class="quiet">Sign out</button>
        </form>
      </header>
      <main>
        <div id="api-keys" data-organization="${organization.name}"></div>
      </main>`,
    "settings",
  )
