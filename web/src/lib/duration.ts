// Prometheus durations ("1h30m", "500ms") to milliseconds and back.

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

const ONE_PART = /(\d+(?:\.\d+)?)(ms|[smhdwy])/y

/** Milliseconds of a duration, or undefined. A bare number is seconds, as in the HTTP API. */
export function parseDuration(text: string): number | undefined {
  const s = text.trim()
  if (/^\d+(\.\d+)?$/.test(s)) return Math.round(Number(s) * 1000)
  if (s === '') return undefined
  let total = 0
  let at = 0
  while (at < s.length) {
    ONE_PART.lastIndex = at
    const part = ONE_PART.exec(s)
    if (!part) return undefined
    total += Number(part[1]) * UNIT_MS[part[2]!]!
    at = ONE_PART.lastIndex
  }
  return Math.round(total)
}

/** The shortest exact spelling that Prometheus reads too: 5400000 → "1h30m". */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  let rest = Math.round(ms)
  let out = ''
  for (const unit of ['w', 'd', 'h', 'm', 's', 'ms']) {
    const size = UNIT_MS[unit]!
    const n = Math.floor(rest / size)
    // 10d reads better than 1w3d; only whole weeks are spelled as weeks.
    if (n === 0 || (unit === 'w' && rest % size !== 0)) continue
    out += `${n}${unit}`
    rest -= n * size
  }
  return out
}
