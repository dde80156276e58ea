import { ICON_PATHS } from "./iconPaths.ts"

export type IconName = keyof typeof ICON_PATHS

/** Decorative and hidden from screen readers: always next to a text with the same meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      aria-hidden="true"
      data-part="icon"
      data-name={name}
      viewBox="0 0 20 20"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.6 : 1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={ICON_PATHS[name]} />
    </svg>
  )
}
