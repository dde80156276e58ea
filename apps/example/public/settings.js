// The page of an organization's API keys. It calls Latchkey's REST API with the product's own cookie.

const element = (id) => document.getElementById(id)

async function call(method, path, body) {
  const response = await fetch(`/latchkey/auth/apikeys${path}`, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  })
  if (response.status === 204) return null
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.message)
  return answer
}

/** Runs an action, and shows why it failed. */
async function attempt(action) {
  element("error").hidden = true
  try {
    await action()
  } catch (error) {
    element("error").textContent = error.message
    element("error").hidden = false
  }
}

async function showKeys() {
  const { items } = await call("GET", "")
  element("empty").hidden = items.length > 0
  element("keys").hidden = items.length === 0
  element("keys").replaceChildren(...items.map(keyItem))
}

function keyItem({ id, label, start, scopes, lastUsedAt }) {
  const item = document.createElement("li")
  const name = document.createElement("strong")
  name.textContent = label
  const details = document.createElement("span")
  details.className = "muted"
  const used = lastUsedAt ? `last used ${new Date(lastUsedAt).toLocaleString()}` : "never used"
  details.textContent = `${start}… · ${scopes ? scopes.join(", ") || "no scopes" : "every scope"} · ${used}`
  item.append(name, details)
  if (element("keys").dataset.canRevoke === "true") item.append(revokeButton(id, label))
  return item
}

function revokeButton(id, label) {
  const button = document.createElement("button")
  button.className = "quiet"
  button.textContent = "Revoke"
  button.setAttribute("aria-label", `Revoke ${label}`)
  button.addEventListener("click", () => {
    if (!confirm(`Revoke “${label}”? Calls with it fail from then on.`)) return
    attempt(async () => {
      await call("DELETE", `/${id}`)
      await showKeys()
    })
  })
  return button
}

element("create")?.addEventListener("submit", (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  attempt(async () => {
    const { key } = await call("POST", "", { label: form.get("label"), scopes: form.getAll("scopes") })
    element("new-key-value").textContent = key
    element("new-key").hidden = false
    element("new-key-value").focus()
    event.target.reset()
    await showKeys()
  })
})

element("copy").addEventListener("click", () =>
  attempt(() => navigator.clipboard.writeText(element("new-key-value").textContent)),
)

attempt(showKeys)
