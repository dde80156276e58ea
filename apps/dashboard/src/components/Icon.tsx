const PATHS = {
  key: "M7.5 15.5 15 8m-2 2 2 2m-4.5 0 1.5 1.5M8.5 13.5a3.25 3.25 0 1 1-2.3-.95c.9 0 1.7.36 2.3.95Z",
  plus: "M10 4v12M4 10h12",
  search: "m13.5 13.5 3 3M15 9A6 6 0 1 1 3 9a6 6 0 0 1 12 0Z",
  copy: "M7.5 7.5V5a1 1 0 0 1 1-1H15a1 1 0 0 1 1 1v6.5a1 1 0 0 1-1 1h-2.5M5 7.5h6.500a1 1 0 0 1 1 1V15a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V8.500a1 1 0 0 1 1-1Z",
  check: "m4 10.500 4 4 8-9",
  close: "m5 5 10 10M15 5 5 15",
  warning:
    "M10 7v4m0 2.750v.01M8.700 3.800 2.300 14.700A1.500 1.500 0 0 0 3.600 17h12.800a1.500 1.500 0 0 0 1.300-2.300L11.300 3.800a1.500 1.500 0 0 0-2.600 0Z",
  sun: "M10 2.500v1.200M10 16.300v1.200M4.700 4.700l.85.85M14.450 14.450l.85.85M2.500 10h1.200M16.300 10h1.200M4.700 15.300l.85-.85M14.450 5.550l.85-.85M13.200 10a3.200 3.200 0 1 1-6.400 0 3.200 3.200 0 0 1 6.400 0Z",
  moon: "M16.500 11.800A6.800 6.800 0 0 1 8.200 3.500a6.800 6.800 0 1 0 8.300 8.300Z",
  system:
    "M3 5a1 1 0 0 1 1-1h12a1 1 0 0 1 1 1v7.500a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1ZM7.500 16.500h5M10 13.500v3",
  signOut:
    "M12.500 6V4.500a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h6a1 1 0 0 0 1-1V14M8.500 10h8.500m-2.500-2.500L17 10l-2.500 2.500",
  lock: "M6.500 9V6.500a3.500 3.500 0 0 1 7 0V9M5 9h10a1 1 0 0 1 1 1v5.500a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1Z",
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
