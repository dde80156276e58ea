import { useApp } from "../app.ts"
import { Button } from "../parts/Button.tsx"
import { useLanguage } from "../strings/context.ts"
import { PAGE_SIZE, type Selection } from "../view/selectKeys.ts"

export function Pager({ selection: { from, to, total, page } }: { selection: Selection }) {
  const { strings, formats } = useLanguage()
  const { go } = useApp()
  if (total <= PAGE_SIZE) return null
  return (
    <nav data-part="pager" aria-label={strings.pages}>
      <p role="status">{strings.range(formats.number(from), formats.number(to), formats.number(total))}</p>
      <Button size="small" disabled={page === 1} onClick={() => go({ page: page - 1 })}>
        {strings.previous}
      </Button>
      <Button size="small" disabled={to === total} onClick={() => go({ page: page + 1 })}>
        {strings.next}
      </Button>
    </nav>
  )
}
