import { type ComponentProps, useState } from "react"
import { TextField } from "./TextField.tsx"

type Props = Omit<ComponentProps<typeof TextField>, "type" | "end">

/** A password input with a button that reveals the password. */
export function PasswordField(props: Props) {
  const [isShown, setShown] = useState(false)
  return (
    <TextField
      {...props}
      type={isShown ? "text" : "password"}
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      end={
        <button
          type="button"
          aria-pressed={isShown}
          aria-label={`Show ${props.label.toLowerCase()}`}
          onClick={() => setShown(!isShown)}
          className="h-8 rounded-md px-2 text-sm font-medium text-muted hover:text-ink"
        >
          {isShown ? "Hide" : "Show"}
        </button>
      }
    />
  )
}
