/** Lets keyboard users skip the header. */
export const SkipLink = () => (
  <a
    href="#content"
    className="sr-only rounded-lg bg-surface px-4 py-2 focus:not-sr-only focus:absolute focus:top-3 focus:left-3 focus:z-30"
  >
    Skip to content
  </a>
)
