import { html } from "hono/html"
import { DEMO_PASSWORD, DEMO_USERS } from "../db/addDemoData.ts"
import { page } from "./page.ts"

export const signInPage = ({ hasFailed = false } = {}) =>
  page(
    "Sign in",
    html`<main class="narrow">
      <h1>Tidewater</h1>
      <p class="muted">Tide reports for harbors. A demo product that embeds Latchkey.</p>
      <form method="post" action="/sign-in" class="card">
        ${hasFailed ? html`<p role="alert" class="error">The email or the password is wrong.</p>` : ""}
        <label for="email">Email</label>
        <input id="email" name="email" type="email" required autocomplete="username" list="demo-users" />
        <datalist id="demo-users">
          ${DEMO_USERS.map(({ email }) => html`<option value="${email}"></option>`)}
        </datalist>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" required autocomplete="current-password" />
        <button type="submit">Sign in</button>
      </form>
      <p class="muted">
        Try <code>${DEMO_USERS[0].email}</code> with the password <code>${DEMO_PASSWORD}</code>.
      </p>
    </main>`,
  )
