// Times as people read them, with the exact instant on hover.

import { formatAgo } from '../lib/format'
import { formatAbsolute } from '../lib/time-range'
import { now } from '../state/now'
import { clock } from '../state/settings'

/** "12 s ago". An unset Go time (year 1) means never. */
export function Ago({ time }: { time: string | number | undefined }) {
  const ms = typeof time === 'number' ? time : Date.parse(time ?? '')
  if (!Number.isFinite(ms) || ms <= 0) return <span class="num muted">never</span>
  return (
    <time class="num" dateTime={new Date(ms).toISOString()} title={formatAbsolute(ms, clock.value === 'utc')}>
      {formatAgo(ms, now.value)}
    </time>
  )
}
