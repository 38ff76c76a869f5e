// Time ranges as people write them ("now-1h" … "now", or two absolute times) and the instants they mean.
// The text is the state: it goes into the URL unresolved, so that a live link stays live.

import { formatDuration, parseDuration } from './duration'

export interface TimeRange {
  from: string
  to: string
}

export interface ResolvedRange {
  fromMs: number
  toMs: number
}

export interface Preset {
  label: string
  range: TimeRange
}

const last = (label: string, d: string): Preset => ({ label, range: { from: `now-${d}`, to: 'now' } })

export const DEFAULT_RANGE: TimeRange = { from: 'now-1h', to: 'now' }

export const PRESETS: readonly Preset[] = [
  last('Last 5 minutes', '5m'),
  last('Last 15 minutes', '15m'),
  last('Last 30 minutes', '30m'),
  last('Last 1 hour', '1h'),
  last('Last 3 hours', '3h'),
  last('Last 6 hours', '6h'),
  last('Last 12 hours', '12h'),
  last('Last 24 hours', '1d'),
  last('Last 2 days', '2d'),
  last('Last 7 days', '7d'),
  last('Last 30 days', '30d'),
  { label: 'Today so far', range: { from: 'now/d', to: 'now' } },
  { label: 'Yesterday', range: { from: 'now-1d/d', to: 'now-1d/d' } },
]

const RELATIVE = /^now(?:([+-])((?:\d+(?:ms|[smhdwy]))+))?(?:\/([mhdw]))?$/
const ABSOLUTE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(Z|UTC)?$/

/** The instant a text means; `edge` decides which end of a rounded unit ("now/d") is meant. */
export function parseTime(text: string, nowMs: number, edge: 'from' | 'to', utc: boolean): number | undefined {
  const s = text.trim()
  const relative = RELATIVE.exec(s)
  if (relative) {
    const [, sign, amount, unit] = relative
    const shift = amount ? (sign === '-' ? -1 : 1) * (parseDuration(amount) ?? 0) : 0
    return unit ? roundTo(nowMs + shift, unit, edge, utc) : nowMs + shift
  }
  const absolute = ABSOLUTE.exec(s)
  if (absolute) {
    const [, y, mo, d, h, mi, sec, frac, zone] = absolute
    const parts = [y, mo, d, h ?? '0', mi ?? '0', sec ?? '0', (frac ?? '').padEnd(3, '0')].map(Number) as Parts
    if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return undefined
    return zone || utc ? fromUtc(parts) : fromLocal(parts)
  }
  if (/^\d{9,10}(\.\d+)?$/.test(s)) return Math.round(Number(s) * 1000)
  if (/^\d{12,13}$/.test(s)) return Number(s)
  return undefined
}

type Parts = [number, number, number, number, number, number, number]
const fromUtc = ([y, mo, d, h, mi, s, ms]: Parts): number => Date.UTC(y, mo - 1, d, h, mi, s, ms)
const fromLocal = ([y, mo, d, h, mi, s, ms]: Parts): number => new Date(y, mo - 1, d, h, mi, s, ms).getTime()

function roundTo(ms: number, unit: string, edge: 'from' | 'to', utc: boolean): number {
  const t = new Date(ms)
  const p: Parts = utc
    ? [t.getUTCFullYear(), t.getUTCMonth() + 1, t.getUTCDate(), t.getUTCHours(), t.getUTCMinutes(), 0, 0]
    : [t.getFullYear(), t.getMonth() + 1, t.getDate(), t.getHours(), t.getMinutes(), 0, 0]
  const weekday = utc ? t.getUTCDay() : t.getDay()
  if (unit !== 'm') p[4] = 0
  if (unit === 'd' || unit === 'w') p[3] = 0
  if (unit === 'w') p[2] -= (weekday + 6) % 7 // weeks start on Monday
  if (edge === 'to') {
    if (unit === 'm') p[4] += 1
    else if (unit === 'h') p[3] += 1
    else p[2] += unit === 'w' ? 7 : 1
  }
  const at = utc ? fromUtc(p) : fromLocal(p)
  return edge === 'to' ? at - 1 : at
}

/** Both ends as instants, or why they are not a range. */
export function resolveRange(range: TimeRange, nowMs: number, utc: boolean): ResolvedRange | { error: string } {
  const fromMs = parseTime(range.from, nowMs, 'from', utc)
  if (fromMs === undefined) return { error: `Cannot read the time “${range.from}”. Try now-1h or 2026-01-31 14:30.` }
  const toMs = parseTime(range.to, nowMs, 'to', utc)
  if (toMs === undefined) return { error: `Cannot read the time “${range.to}”. Try now or 2026-01-31 14:30.` }
  if (fromMs >= toMs) return { error: 'The range must start before it ends.' }
  return { fromMs, toMs }
}

export const isRelative = (text: string): boolean => RELATIVE.test(text.trim())

/** True when the range moves with the clock and re-reading it makes sense. */
export const isLive = (range: TimeRange): boolean => isRelative(range.to)

const pad = (n: number, width = 2): string => String(n).padStart(width, '0')

/** "2026-01-31 14:30:05" (UTC or local), the spelling that parseTime reads back; milliseconds only if there are any. */
export function formatAbsolute(ms: number, utc: boolean): string {
  const t = new Date(ms)
  const [y, mo, d, h, mi, s] = utc
    ? [t.getUTCFullYear(), t.getUTCMonth(), t.getUTCDate(), t.getUTCHours(), t.getUTCMinutes(), t.getUTCSeconds()]
    : [t.getFullYear(), t.getMonth(), t.getDate(), t.getHours(), t.getMinutes(), t.getSeconds()]
  const frac = t.getUTCMilliseconds()
  return `${y}-${pad(mo + 1)}-${pad(d)} ${pad(h)}:${pad(mi)}:${pad(s)}${frac ? `.${pad(frac, 3)}` : ''}`
}

/** An absolute range; the Z makes a copied link mean the same in every time zone. */
export function absoluteRange(fromMs: number, toMs: number): TimeRange {
  const text = (ms: number): string => `${formatAbsolute(Math.round(ms / 1000) * 1000, true)}Z`
  return { from: text(fromMs), to: text(toMs) }
}

/** Words for a button: "Last 1 hour" or the two ends in the viewer's clock. */
export function describeRange(range: TimeRange, nowMs: number, utc: boolean): string {
  const preset = PRESETS.find((p) => p.range.from === range.from && p.range.to === range.to)
  if (preset) return preset.label
  if (range.to === 'now') {
    const lastOf = /^now-(.+)$/.exec(range.from)
    if (lastOf && !lastOf[1]!.includes('/')) return `Last ${lastOf[1]}`
  }
  const side = (text: string, edge: 'from' | 'to'): string => {
    if (isRelative(text)) return text
    const ms = parseTime(text, nowMs, edge, utc)
    return ms === undefined ? text : formatAbsolute(ms, utc)
  }
  const from = side(range.from, 'from')
  const to = side(range.to, 'to')
  const sameDay = from.length >= 19 && from.slice(0, 11) === to.slice(0, 11)
  return `${from} – ${sameDay ? to.slice(11) : to}`
}

/** The same range made longer around its middle (factor 2 = zoom out) or moved by a share of its length. */
export function scaleRange(r: ResolvedRange, factor: number, nowMs: number): TimeRange {
  const middle = (r.fromMs + r.toMs) / 2
  const half = ((r.toMs - r.fromMs) * factor) / 2
  // Zooming out past now would only show empty space on the right.
  if (middle + half >= nowMs - 1000) return { from: `now-${formatDuration(Math.round((2 * half) / 1000) * 1000)}`, to: 'now' }
  return absoluteRange(middle - half, middle + half)
}

export function shiftRange(r: ResolvedRange, share: number, nowMs: number): TimeRange {
  const by = (r.toMs - r.fromMs) * share
  if (by > 0 && r.toMs + by >= nowMs) {
    return { from: `now-${formatDuration(Math.round((r.toMs - r.fromMs) / 1000) * 1000)}`, to: 'now' }
  }
  return absoluteRange(r.fromMs + by, r.toMs + by)
}
