import { useApp } from "../app.ts"
import { Button } from "../parts/Button.tsx"
import { SubHeading } from "../parts/Heading.tsx"
import { Icon } from "../parts/Icon.tsx"
import { useLanguage } from "../strings/context.ts"

/** Explains to new users what keys are for. */
export function NoKeysYet() {
  const { strings } = useLanguage()
  const { isReadOnly, openDialog } = useApp()
  if (isReadOnly) {
    return (
      <div data-part="empty">
        <p>{strings.noneYet}</p>
      </div>
    )
  }
  return (
    <section data-part="empty" data-first="">
      <span data-part="empty-icon">
        <Icon name="key" />
      </span>
      <SubHeading>{strings.firstTitle}</SubHeading>
      <p>{strings.firstText}</p>
      <Button kind="primary" data-opens="create" onClick={() => openDialog({ kind: "create" })}>
        <Icon name="plus" />
        {strings.createKey}
      </Button>
    </section>
  )
}
