/** The mark; the name stands beside it in words. */
export const Logo = ({ className = "size-7" }: { className?: string }) => (
  <img src="/favicon.svg" alt="" width="28" height="28" className={`shrink-0 ${className}`} />
)
