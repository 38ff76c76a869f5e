// The controls above a list: a text filter and toggles with counts. Both live in the URL.

import { useEffect, useRef, useState } from 'preact/hooks'
import { formatCount } from '../lib/format'
import { Icon } from './icons'
import { stateWord } from './state-badge'

interface SearchProps {
  value: string
  label: string
  onChange: (text: string) => void
}

export function SearchBox({ value, label, onChange }: SearchProps) {
  const [text, setText] = useState(value)
  const sent = useRef(value)
  // The URL can change under us (back button); our own edits must not be typed over by their echo.
  useEffect(() => {
    if (value !== sent.current) setText((sent.current = value))
  }, [value])
  useEffect(() => {
    if (text === sent.current) return
    const timer = setTimeout(() => onChange((sent.current = text)), 120)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <label class="search">
      <Icon name="search" size={15} />
      <span class="sr-only">{label}</span>
      <input
        type="search"
        data-page-search
        value={text}
        placeholder={label}
        spellcheck={false}
        autocomplete="off"
        onInput={(e) => setText(e.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  )
}

interface ToggleProps<K extends string> {
  legend: string
  kinds: readonly K[]
  counts: Record<K, number> | undefined
  chosen: ReadonlySet<K>
  onChange: (chosen: Set<K>) => void
}

/** One toggle per state; all off would show nothing, so the last one cannot be switched off. */
export function StateToggles<K extends string>({ legend, kinds, counts, chosen, onChange }: ToggleProps<K>) {
  const flip = (kind: K): void => {
    const next = new Set(chosen)
    if (!next.delete(kind)) next.add(kind)
    onChange(next.size === 0 ? new Set(kinds) : next)
  }
  return (
    <div class="toggles" role="group" aria-label={legend}>
      {kinds.map((kind) => (
        <button key={kind} type="button" class={`toggle state-${kind}`} aria-pressed={chosen.has(kind)} onClick={() => flip(kind)}>
          <span class="dot" aria-hidden="true" />
          {stateWord(kind)}
          <span class="count">{counts ? formatCount(counts[kind]) : '–'}</span>
        </button>
      ))}
    </div>
  )
}
