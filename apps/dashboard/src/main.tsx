import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./App.tsx"
import { applyProduct } from "./applyProduct.ts"
import "./app.css"
import { takeLinkToken } from "./linkToken.ts"
import { forgetFormerUsers } from "./queryClient.ts"
import { startSession } from "./session/session.ts"
import { applyTheme } from "./theme.ts"

takeLinkToken()
applyTheme()
applyProduct()
forgetFormerUsers()
startSession()

// A page that the browser has kept may belong to a previous user, or show a secret that is shown only once.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload()
})

const root = document.getElementById("root")
if (!root) throw new TypeError("the page has no #root")
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
