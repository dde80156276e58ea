import { Icon } from "../Icon.tsx"

/** A notice across the top of the page. */
export const Banner = ({ children }: { children: string }) => (
  <p className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-2 text-center text-sm text-balance text-warn">
    <Icon name="warning" />
    {children}
  </p>
)
