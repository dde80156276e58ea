/** Stands where something is about to be, in its size, so that nothing jumps when it comes. */
export const Skeleton = ({ className }: { className: string }) => (
  <span aria-hidden="true" className={`block animate-pulse rounded bg-sunken ${className}`} />
)
