import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./App.tsx"
import "./app.css"
import { resume } from "./session/session.ts"
import { applyTheme } from "./theme.ts"

applyTheme()
void resume()

const root = document.getElementById("root")
if (!root) throw new TypeError("the page has no #root")
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
