import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react"
import { activeElementNear } from "./activeElementNear.ts"
import { Button } from "./Button.tsx"
import { Icon, type IconName } from "./Icon.tsx"

export interface MenuItem {
  label: string
  icon: IconName
  isDanger?: boolean
  onSelect: () => void
}

/** A button that opens a menu. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const menu = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  const wasOpen = useRef(false)

  useEffect(() => {
    const [popover, opener] = [menu.current, button.current]
    if (!isOpen || !popover || !opener) return
    const onToggle = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") setOpen(false)
    }
    const follow = () => place(popover, opener)
    popover.addEventListener("toggle", onToggle)
    addEventListener("resize", follow)
    addEventListener("scroll", follow, true)
    popover.showPopover()
    follow()
    itemsOf(popover)[0]?.focus({ preventScroll: true })
    return () => {
      popover.removeEventListener("toggle", onToggle)
      removeEventListener("resize", follow)
      removeEventListener("scroll", follow, true)
    }
  }, [isOpen])

  function close() {
    setOpen(false)
    button.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault()
      close()
      return
    }
    const all = itemsOf(menu.current)
    const current = all.indexOf(activeElementNear(event.currentTarget) as HTMLElement)
    const steps: Record<string, number> = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: -1 }
    const next = steps[event.key]
    if (next === undefined) return
    event.preventDefault()
    all.at(next % all.length)?.focus()
  }

  return (
    <>
      <Button
        ref={button}
        kind="icon"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        // A press outside the menu has closed it by the time of the click.
        onPointerDown={() => {
          wasOpen.current = isOpen
        }}
        onClick={() => {
          setOpen(!wasOpen.current)
          wasOpen.current = false
        }}
      >
        <Icon name="more" />
      </Button>
      {isOpen && (
        <div
          ref={menu}
          id={id}
          data-part="menu"
          role="menu"
          aria-label={label}
          popover="auto"
          tabIndex={-1}
          onKeyDown={onKeyDown}
        >
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              data-part="menu-item"
              data-danger={item.isDanger || undefined}
              tabIndex={-1}
              onClick={() => {
                close()
                item.onSelect()
              }}
            >
              <Icon name={item.icon} />
              {item.label}
            </button>
          ))}
        </div>
      )}
    </>
  )
}

const itemsOf = (menu: HTMLElement | null) => [
  ...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? []),
]

const MARGIN = 8

/** Below the button, or above it if there is no room; always within the window. */
function place(menu: HTMLElement, button: HTMLElement) {
  const at = button.getBoundingClientRect()
  const { width, height } = menu.getBoundingClientRect()
  const isRtl = getComputedStyle(button).direction === "rtl"
  const left = isRtl ? at.left : at.right - width
  const below = at.bottom + 4
  const fits = below + height + MARGIN <= innerHeight || at.top - height < MARGIN
  menu.style.left = `${Math.max(MARGIN, Math.min(left, document.documentElement.clientWidth - width - MARGIN))}px`
  menu.style.top = `${fits ? below : at.top - height - 4}px`
}
