import { html } from "hono/html"
import { SCOPES } from "../latchkey.ts"
import type { Member } from "../signIns.ts"
import { page } from "./page.ts"

export const settingsPage = ({ name, organization, role }: Member) =>
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
        <h1>API keys</h1>
        <p class="muted">
          Keys belong to ${organization.name}, not to the person who creates them. They call Tidewater's API.
        </p>
        <p id="error" role="alert" class="error" hidden></p>
        ${role === "editor" ? createForm : html`<p class="muted">Ask an editor of your organization for a key.</p>`}
        <div id="new-key" class="card" hidden>
          <p id="new-key-title">Copy the key now. It is not shown again.</p>
          <code id="new-key-value" tabindex="0" aria-labelledby="new-key-title"></code>
          <button type="button" id="copy">Copy</button>
        </div>
        <ul id="keys" class="card" aria-label="API keys" data-can-revoke="${String(role === "editor")}"></ul>
        <p id="empty" class="muted" hidden>Your organization has no API keys yet.</p>
      </main>`,
    "/assets/settings.js",
  )

const createForm = html`<form id="create" class="card">
  <label for="label">Label</label>
  <input id="label" name="label" required maxlength="100" placeholder="Such as “Nightly export”" />
  <fieldset>
    <legend>The key may</legend>
    ${SCOPES.map(
      (scope) => html`<label class="choice">
        <input type="checkbox" name="scopes" value="${scope}" checked /> <code>${scope}</code>
      </label>`,
    )}
  </fieldset>
  <button type="submit">Create key</button>
</form>`
