/** A text with `code` in it. */
export function Prose({ children, className = "" }: { children: string; className?: string }) {
  return (
    <p className={`wrap-anywhere ${className}`}>
      {children.split("`").map((part, index) =>
        index % 2 === 1 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the text never changes
          <code key={index} className="rounded bg-sunken px-1 py-0.5 font-mono text-[0.9em]">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </p>
  )
}
