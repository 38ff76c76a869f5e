// Numbers, sizes and times for people. Exact values stay as the API sent them; these are for axes, tooltips and tiles.

export type Unit = 'none' | 'seconds' | 'bytes' | 'bytes/s' | 'per-second' | 'percent'

const SI = ['', 'k', 'M', 'G', 'T', 'P', 'E']
const IEC = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** Up to `digits` significant digits, never in exponent form between 1e-6 and 1e21, no trailing zeros. */
function significant(v: number, digits: number): string {
  if (v === 0) return '0'
  const a = Math.abs(v)
  if (a < 1e-6 || a >= 1e21) return v.toExponential(Math.max(0, digits - 1)).replace(/\.?0+e/, 'e')
  const decimals = Math.min(12, Math.max(0, digits - 1 - Math.floor(Math.log10(a))))
  const text = v.toFixed(decimals)
  return decimals > 0 ? text.replace(/\.?0+$/, '') : text
}

function special(v: number): string | undefined {
  if (Number.isNaN(v)) return 'NaN'
  if (v === Infinity) return '+Inf'
  if (v === -Infinity) return '−Inf'
  return undefined
}

const minus = (text: string): string => (text.startsWith('-') ? `−${text.slice(1)}` : text)

function scaled(v: number, base: number, names: readonly string[], digits: number): [string, string] {
  let i = 0
  let a = Math.abs(v)
  // Compare after rounding, or 999.96 would print as "1000" instead of "1 k".
  while (i < names.length - 1 && Number(a.toPrecision(digits)) >= base) {
    a /= base
    i++
  }
  return [significant(Math.sign(v) * a, digits), names[i]!]
}

const TIME_STEPS: readonly [number, string][] = [
  [1e-9, 'ns'],
  [1e-6, 'µs'],
  [1e-3, 'ms'],
  [1, 's'],
  [60, 'min'],
  [3600, 'h'],
  [86400, 'd'],
]

function seconds(v: number, digits: number): [string, string] {
  const a = Math.abs(v)
  if (a === 0) return ['0', 's']
  let pick = TIME_STEPS[0]!
  for (const step of TIME_STEPS) if (Number(a.toPrecision(digits)) >= step[0]) pick = step
  return [significant(v / pick[0], digits), pick[1]]
}

/** A value with its unit: 0.0123 seconds → "12.3 ms". */
export function formatValue(v: number, unit: Unit = 'none', digits = 4): string {
  const odd = special(v)
  if (odd) return odd
  const join = ([n, u]: [string, string]): string => minus(u ? `${n} ${u}` : n)
  switch (unit) {
    case 'seconds':
      return join(seconds(v, digits))
    case 'bytes':
      return join(scaled(v, 1024, IEC, digits))
    case 'bytes/s':
      return `${join(scaled(v, 1024, IEC, digits))}/s`
    case 'percent':
      return minus(`${significant(v * 100, digits)} %`)
    case 'per-second':
      return `${formatValue(v, 'none', digits)}/s`
    case 'none': {
      // Four-digit counts read better whole: 1 234 targets, not 1.234 k.
      if (Math.abs(v) < 10_000) return minus(significant(v, Math.max(digits, v === Math.round(v) ? 5 : digits)))
      return join(scaled(v, 1000, SI, digits))
    }
  }
}

/** Tick labels of one axis: enough digits that neighbours differ, and not more. */
export function formatTicks(values: readonly number[], unit: Unit): string[] {
  for (let digits = 2; digits <= 8; digits++) {
    const out = values.map((v) => formatValue(v, unit, digits))
    const exactEnough = new Set(out).size === new Set(values).size
    if (exactEnough && evenlySpaced(values, digits)) return out
  }
  return values.map((v) => formatValue(v, unit, 8))
}

// 0.5, 0.75 at two digits differ, but 12.5 and 15 would print as 13 and 15: distinct, and wrong.
function evenlySpaced(values: readonly number[], digits: number): boolean {
  return values.every((v) => v === 0 || Math.abs(Number(v.toPrecision(digits)) - v) < Math.abs(v) * 1e-9)
}

/** A whole count with thin-space groups: 12345 → "12 345". */
export function formatCount(n: number): string {
  if (!Number.isFinite(n)) return formatValue(n)
  const text = String(Math.round(n))
  return minus(text.replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f'))
}

/** Two largest units of a span: "3 d 4 h", "12 s", "350 ms". */
export function formatSpan(ms: number): string {
  const a = Math.abs(ms)
  if (a < 1000) return `${Math.round(a)} ms`
  const parts: [number, string][] = [
    [Math.floor(a / 86_400_000), 'd'],
    [Math.floor(a / 3_600_000) % 24, 'h'],
    [Math.floor(a / 60_000) % 60, 'min'],
    [Math.floor(a / 1000) % 60, 's'],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, u]) => `${n} ${u}`)
    .join(' ')
}

/** "12 s ago", "in 3 min"; "just now" within a second either way, which also hides small clock differences. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const d = nowMs - thenMs
  if (!Number.isFinite(d)) return 'never'
  if (Math.abs(d) < 1000) return 'just now'
  return d > 0 ? `${formatSpan(d)} ago` : `in ${formatSpan(-d)}`
}

export const plural = (n: number, one: string, many = `${one}s`): string => `${formatCount(n)} ${n === 1 ? one : many}`
