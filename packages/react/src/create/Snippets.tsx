import { type KeyboardEvent, useId, useRef, useState } from "react"
import { useApp } from "../app.ts"
import { CopyButton } from "../parts/CopyButton.tsx"
import { useLanguage } from "../strings/context.ts"
import { createSnippets, type SnippetLanguage } from "./snippets.ts"

/** Examples of a key's use, in tabs. With the key itself, also the line of an environment file. */
export function Snippets({ apiKey, onCopied }: { apiKey?: string; onCopied?: () => void }) {
  const { strings } = useLanguage()
  const { apiUrl, variable, baseUrl } = useApp()
  const id = useId()
  const tabs = useRef<HTMLDivElement>(null)
  const absolute = new URL(baseUrl, location.href).href.replace(/\/+$/, "")
  const examples: Partial<Record<SnippetLanguage, string>> = {
    ...(apiKey !== undefined && { env: `${variable}=${apiKey}` }),
    ...createSnippets({ baseUrl: absolute, apiUrl, variable }),
  }
  const languages = Object.keys(examples) as SnippetLanguage[]
  const [language, setLanguage] = useState<SnippetLanguage>(languages[0] ?? "curl")
  const code = examples[language] ?? ""

  function onKeyDown(event: KeyboardEvent) {
    const isRtl = getComputedStyle(event.currentTarget).direction === "rtl"
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = languages.at((languages.indexOf(language) + (isRtl ? -step : step)) % languages.length)
    if (!next) return
    setLanguage(next)
    tabs.current?.querySelector<HTMLElement>(`[data-language=${next}]`)?.focus()
  }

  return (
    <section data-part="snippets" aria-label={strings.useIt}>
      <div data-part="snippet-bar">
        <div
          ref={tabs}
          role="tablist"
          aria-label={strings.useIt}
          data-part="snippet-tabs"
          onKeyDown={onKeyDown}
        >
          {languages.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${id}-${name}`}
              data-part="snippet-tab"
              data-language={name}
              aria-selected={name === language}
              aria-controls={`${id}-panel`}
              tabIndex={name === language ? 0 : -1}
              onClick={() => setLanguage(name)}
            >
              {strings.snippets[name]}
            </button>
          ))}
        </div>
        <CopyButton
          key={language}
          text={code}
          name={strings.copyExample}
          doneName={strings.copiedExample}
          {...(language === "env" && onCopied && { onCopied })}
        />
      </div>
      {/* Manual copying counts too. */}
      <pre
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${language}`}
        data-part="code"
        dir="ltr"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a panel that scrolls has to be reached by keyboard.
        tabIndex={0}
        onCopy={language === "env" ? onCopied : undefined}
      >
        <code>{code}</code>
      </pre>
      {language !== "env" && <p data-part="hint">{strings.snippetHint(variable)}</p>}
    </section>
  )
}
