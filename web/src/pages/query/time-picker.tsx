// The time range: presets, or two texts that may be relative or absolute.

import { useEffect, useRef, useState } from 'preact/hooks'
import { PRESETS, describeRange, formatAbsolute, resolveRange, type TimeRange } from '../../lib/time-range'
import { clock } from '../../state/settings'
import { Icon } from '../../ui/icons'

interface Props {
  range: TimeRange
  onChange: (range: TimeRange) => void
}

export function TimePicker({ range, onChange }: Props) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLSpanElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const close = (): void => {
    setOpen(false)
    button.current?.focus()
  }
  useEffect(() => {
    if (!open) return
    const outside = (e: Event): void => {
      if (!root.current?.contains(e.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', outside)
    return () => document.removeEventListener('pointerdown', outside)
  }, [open])
  const utc = clock.value === 'utc'
  return (
    <span
      class="time-picker"
      ref={root}
      onKeyDown={(e) => {
        if (e.key !== 'Escape' || !open) return
        e.preventDefault()
        close()
      }}
    >
      <button ref={button} type="button" class="button time-button" aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="clock" size={15} />
        <span class="num">{describeRange(range, Date.now(), utc)}</span>
        <Icon name="chevronDown" size={14} />
      </button>
      {open ? (
        <Choices
          range={range}
          utc={utc}
          onChoose={(r) => {
            onChange(r)
            close()
          }}
        />
      ) : null}
    </span>
  )
}

const wholeSecond = (ms: number, utc: boolean): string => formatAbsolute(Math.floor(ms / 1000) * 1000, utc)

function Choices({ range, utc, onChoose }: { range: TimeRange; utc: boolean; onChoose: (r: TimeRange) => void }) {
  const [from, setFrom] = useState(range.from)
  const [to, setTo] = useState(range.to)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.select(), [])
  const typed = { from: from.trim(), to: to.trim() }
  const resolved = resolveRange(typed, Date.now(), utc)
  const error = 'error' in resolved ? resolved.error : undefined
  return (
    <div class="popover time-choices" role="dialog" aria-label="Time range">
      <form
        onSubmit={(e) => {
          e.preventDefault()
          if (!error) onChoose(typed)
        }}
      >
        <label>
          From
          <input ref={first} class="select" value={from} spellcheck={false} onInput={(e) => setFrom(e.currentTarget.value)} />
        </label>
        <label>
          To
          <input class="select" value={to} spellcheck={false} onInput={(e) => setTo(e.currentTarget.value)} />
        </label>
        <p class={error ? 'time-error' : 'muted'} role={error ? 'alert' : undefined}>
          {'error' in resolved ? error : `${wholeSecond(resolved.fromMs, utc)} – ${wholeSecond(resolved.toMs, utc)}`}
        </p>
        <button type="submit" class="button primary" disabled={error !== undefined}>
          Apply
        </button>
        <p class="muted hint">
          Relative: <code>now-90m</code>, <code>now-1d/d</code>. Absolute: <code>2026-01-31 14:30</code>, or Unix seconds.
        </p>
        <label class="check">
          <input type="checkbox" checked={utc} onChange={(e) => (clock.value = e.currentTarget.checked ? 'utc' : 'local')} />
          Times in UTC
        </label>
      </form>
      <ul>
        {PRESETS.map((p) => (
          <li key={p.label}>
            <button type="button" aria-current={p.range.from === range.from && p.range.to === range.to} onClick={() => onChoose(p.range)}>
              {p.label}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
