// Rows of the status page from the API's camelCase keys. Unknown keys are shown too: a newer server may know more.

import { formatAgo, formatCount, formatSpan } from './format'

const TITLES: Record<string, string> = {
  CWD: 'Working directory',
  GOMAXPROCS: 'Threads',
  goroutineCount: 'Goroutines',
  startTime: 'Started',
  lastConfigTime: 'Configuration loaded',
  reloadConfigSuccess: 'Last reload succeeded',
  storageRetention: 'Retention',
  corruptionCount: 'WAL corruptions',
  serverTime: 'Server clock',
  numSeries: 'Series in memory',
  numLabelPairs: 'Label pairs',
  chunkCount: 'Chunks in memory',
  minTime: 'Oldest sample',
  maxTime: 'Newest sample',
}

/** Kept for compatibility; in a C++ server they say nothing. */
const MEANINGLESS = new Set(['goVersion', 'GOGC', 'GODEBUG', 'GOMEMLIMIT', 'goroutineCount', 'GOMAXPROCS'])

/** "storageRetention" → "Retention", "walSizeBytes" → "Wal size bytes". */
export function titleOf(key: string): string {
  const known = TITLES[key]
  if (known) return known
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ').toLowerCase()
  return words[0] === undefined ? key : words[0].toUpperCase() + words.slice(1)
}

export interface StatusRow {
  title: string
  text: string
  /** The exact value, where `text` is a friendlier form. */
  exact?: string
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

export function statusRows(facts: Readonly<Record<string, unknown>>, nowMs: number): StatusRow[] {
  const rows: StatusRow[] = []
  for (const [key, value] of Object.entries(facts)) {
    const empty = value === '' || value === null || value === undefined
    if (empty || (MEANINGLESS.has(key) && (value === 0 || value === '0'))) continue
    const title = titleOf(key)
    if (typeof value === 'string' && TIME.test(value)) {
      rows.push({ title, text: key === 'startTime' ? `${formatSpan(nowMs - Date.parse(value))} ago` : formatAgo(Date.parse(value), nowMs), exact: value })
    } else if (typeof value === 'number') {
      // Head times are in milliseconds since 1970; an empty head has extremes there.
      const time = /^(min|max)Time$/.test(key)
      if (time && (value <= 0 || value > 8e15)) continue
      rows.push(time ? { title, text: formatAgo(value, nowMs), exact: new Date(value).toISOString() } : { title, text: formatCount(value) })
    } else if (typeof value === 'boolean') rows.push({ title, text: value ? 'Yes' : 'No' })
    else rows.push({ title, text: typeof value === 'string' ? value : JSON.stringify(value) })
  }
  return rows
}
