import { Icon } from "./Icon.tsx"

/** A line across the page about the page itself. */
export const Banner = ({ children }: { children: string }) => (
  <p className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-2 text-center text-sm text-balance text-warn">
    <Icon name="warning" />
    {children}
  </p>
)
