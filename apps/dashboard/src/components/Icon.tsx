import { ICON_PATHS } from "@latchkey/react/internal"

const PATHS = {
  ...ICON_PATHS,
  sun: "M10 2.500v1.200M10 16.300v1.200M4.700 4.700l.85.85M14.450 14.450l.85.85M2.500 10h1.200M16.300 10h1.200M4.700 15.300l.85-.85M14.450 5.550l.85-.85M13.200 10a3.200 3.200 0 1 1-6.400 0 3.200 3.200 0 0 1 6.400 0Z",
  moon: "M16.500 11.800A6.800 6.800 0 0 1 8.200 3.500a6.800 6.800 0 1 0 8.300 8.300Z",
  system:
    "M3 5a1 1 0 0 1 1-1h12a1 1 0 0 1 1 1v7.500a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1ZM7.500 16.500h5M10 13.500v3",
  signOut:
    "M12.500 6V4.500a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h6a1 1 0 0 0 1-1V14M8.500 10h8.500m-2.500-2.500L17 10l-2.500 2.500",
  device: "M4 5a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v7.500H4ZM2.500 15.500h15",
} as const

export type IconName = keyof typeof PATHS

/** Decorative and hidden from screen readers: always next to a text with the same meaning. */
export function Icon({ name, className = "size-4" }: { name: IconName; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 20 20"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
