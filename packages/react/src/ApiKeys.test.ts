import { createElement } from "react"
import { renderToString } from "react-dom/server"
import { expect, test, vi } from "vitest"
import { ApiKeys } from "./index.ts"

test("a server renders the heading and a placeholder, without inline styles, and without a warning", () => {
  const warned = vi.spyOn(console, "error")
  const html = renderToString(createElement(ApiKeys, { baseUrl: "/latchkey" }))

  expect(html).toContain(">API keys</h2>")
  expect(html).toContain("Loading keys")
  expect(html).not.toMatch(/ style=|<script|<style/)
  expect(warned).not.toHaveBeenCalled()
  warned.mockRestore()
})
