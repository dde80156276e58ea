/** A placeholder of the same size as the content that is loading, to avoid layout shifts. */
export const Skeleton = ({ className }: { className: string }) => (
  <span aria-hidden="true" className={`block animate-pulse rounded bg-sunken ${className}`} />
)
