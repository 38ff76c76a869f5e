// The unit of an expression, guessed from metric names for axes and tooltips. Wrong units mislead more than missing
// ones, so anything but the clear cases is "none".

import type { Unit } from './format'

const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*(?=\s*(?:[{[)]|$|offset\b|@|\bby\b|[<>=!]))/g
const KEYWORDS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'offset', 'bool', 'and', 'or', 'unless'])

/** Drops strings, label matchers and grouping lists, which hold names that are not metrics. */
function skeleton(expr: string): string {
  return expr
    .replace(/#.*$/gm, '')
    .replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/\[[^\]]*\]/g, '')
}

export function guessUnit(expr: string): Unit {
  const s = skeleton(expr)
  if (/[*/%^]/.test(s)) return /\/\s*\S/.test(s) && !/[*^%]/.test(s) && /ratio/i.test(s) ? 'percent' : 'none'
  if (/\b(count|count_values|group|changes|resets|count_over_time|absent|quantile_rank|timestamp|time)\s*\(/.test(s)) return 'none'
  const metrics = (s.match(METRIC) ?? []).filter((m) => !KEYWORDS.has(m))
  if (metrics.length === 0) return 'none'
  const rate = /\bi?rate\s*\(/.test(s)
  const quantile = /\bhistogram_(quantile|avg|stddev)\s*\(/.test(s)
  const units = new Set(metrics.map((m) => unitOfMetric(m, rate, quantile)))
  return units.size === 1 ? [...units][0]! : 'none'
}

function unitOfMetric(name: string, rate: boolean, quantile: boolean): Unit {
  if (quantile) {
    if (/_seconds(_bucket)?$/.test(name)) return 'seconds'
    if (/_bytes(_bucket)?$/.test(name)) return 'bytes'
    return 'none'
  }
  // Points in time, not lengths.
  if (/_(timestamp|start_time)(_seconds)?$/.test(name)) return 'none'
  if (/_(bucket|count)$/.test(name)) return rate ? 'per-second' : 'none'
  if (/_bytes(_total|_sum)?$/.test(name)) return rate ? 'bytes/s' : 'bytes'
  // Seconds per second is a share of time, shown plain.
  if (/_seconds(_total|_sum)?$/.test(name)) return rate ? 'none' : 'seconds'
  if (/_ratio$/.test(name)) return rate ? 'none' : 'percent'
  return rate ? 'per-second' : 'none'
}
