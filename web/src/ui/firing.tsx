// The firing count that never leaves the screen.

import { useEffect, useRef, useState } from 'preact/hooks'
import { plural } from '../lib/format'
import { countInstances } from '../lib/rules'
import { alerts } from '../state/alerts'
import { Icon } from './icons'

export function FiringPill() {
  const known = alerts.value
  const { firing, pending } = countInstances(known ?? [])
  const tone = known === undefined ? 'plain' : firing > 0 ? 'bad' : pending > 0 ? 'warn' : 'good'
  const icon = known === undefined ? 'unknown' : firing > 0 ? 'firing' : pending > 0 ? 'clock' : 'ok'
  const text = known === undefined ? 'Alerts…' : firing > 0 ? `${firing} firing` : pending > 0 ? `${pending} pending` : 'None firing'
  return (
    <a class={`pill tone-${tone}`} href="./alerts" data-testid="firing-pill" data-firing={known === undefined ? '' : firing}>
      <Icon name={icon} size={15} />
      <span class="num">{text}</span>
    </a>
  )
}

/** Tells screen readers when an alert starts to fire, and nothing else. */
export function FiringAnnouncer() {
  const seen = useRef<Set<string> | undefined>(undefined)
  const [message, setMessage] = useState('')
  const known = alerts.value
  useEffect(() => {
    if (!known) return
    const names = known.filter((a) => a.state === 'firing').map((a) => JSON.stringify(a.labels))
    const fresh = seen.current ? names.filter((n) => !seen.current!.has(n)) : []
    seen.current = new Set(names)
    if (fresh.length > 0) {
      const name = (JSON.parse(fresh[0]!) as Record<string, string>).alertname ?? 'An alert'
      setMessage(fresh.length === 1 ? `${name} is now firing` : `${plural(fresh.length, 'new alert')} firing`)
    }
  }, [known])
  return (
    <div class="sr-only" aria-live="assertive">
      {message}
    </div>
  )
}
