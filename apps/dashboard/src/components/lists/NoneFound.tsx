import { Button } from "../Button.tsx"

/** Shown instead of an empty list. */
export const NoneFound = ({
  children,
  onClear,
}: {
  children: string
  onClear?: (() => void) | undefined
}) => (
  <section className="grid justify-items-center gap-4 rounded-xl border border-line bg-surface px-6 py-12 text-center">
    <p className="max-w-full break-words text-muted">{children}</p>
    {onClear && <Button onClick={onClear}>Show all</Button>}
  </section>
)
