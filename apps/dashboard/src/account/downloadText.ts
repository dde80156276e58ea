/** Saves a text as a file. */
export function downloadText(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }))
  const link = Object.assign(document.createElement("a"), { href: url, download: name })
  link.click()
  // The browser begins to read it only after this task has ended.
  setTimeout(() => URL.revokeObjectURL(url))
}
