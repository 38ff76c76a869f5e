// The query page's whole state as URL parameters, in Prometheus' own spelling (g0.expr, g0.tab, g0.range_input …),
// so that generatorURLs and bookmarks of a Prometheus open here, and ours open there.

import { formatDuration, parseDuration } from './duration'
import { DEFAULT_RANGE, absoluteRange, isRelative, parseTime, type TimeRange } from './time-range'

export type Tab = 'graph' | 'table'

export interface QueryPanel {
  expr: string
  tab: Tab
  stacked: boolean
  /** Label hashes of the series the viewer hid. */
  hidden: readonly string[]
}

export interface QueryState {
  panels: readonly QueryPanel[]
  range: TimeRange
  /** As typed; empty means automatic. */
  step: string
  /** Seconds between automatic refreshes, 0 = off. */
  refresh: number
}

export const emptyPanel = (): QueryPanel => ({ expr: '', tab: 'graph', stacked: false, hidden: [] })

export function decodeQueryState(params: URLSearchParams, nowMs: number): QueryState {
  const panels: QueryPanel[] = []
  for (let i = 0; params.has(`g${i}.expr`); i++) {
    const get = (name: string): string => params.get(`g${i}.${name}`) ?? ''
    panels.push({
      expr: get('expr'),
      // Old links count tabs: 0 is the graph, 1 the table.
      tab: get('tab') === 'table' || get('tab') === '1' ? 'table' : 'graph',
      stacked: get('stacked') === '1' || get('display_mode') === 'stacked',
      hidden: get('hidden').split(',').filter(Boolean),
    })
  }
  if (panels.length === 0) panels.push(emptyPanel())
  const refresh = Number(params.get('refresh') ?? '0')
  return {
    panels,
    range: decodeRange(params, nowMs),
    step: decodeStep(params),
    refresh: Number.isFinite(refresh) && refresh > 0 ? refresh : 0,
  }
}

function decodeRange(params: URLSearchParams, nowMs: number): TimeRange {
  const from = params.get('from')
  const to = params.get('to')
  if (from !== null && to !== null) return { from, to }
  const length = params.get('g0.range_input')
  const end = params.get('g0.end_input') ?? params.get('g0.moment_input')
  const lengthMs = length === null ? undefined : parseDuration(length)
  if (end !== null && end !== '') {
    // Prometheus writes end times in UTC without saying so.
    const endMs = parseTime(end, nowMs, 'to', true)
    if (endMs !== undefined) return absoluteRange(endMs - (lengthMs ?? 3_600_000), endMs)
  }
  return lengthMs ? { from: `now-${formatDuration(lengthMs)}`, to: 'now' } : DEFAULT_RANGE
}

function decodeStep(params: URLSearchParams): string {
  const seconds = params.get('g0.step_input') ?? params.get('g0.res_step')
  const ms = seconds ? parseDuration(seconds) : undefined
  return ms ? formatDuration(ms) : ''
}

export function encodeQueryState(state: QueryState, nowMs: number): URLSearchParams {
  const out = new URLSearchParams()
  const time = encodeRange(state.range, nowMs)
  const stepMs = parseDuration(state.step)
  state.panels.forEach((panel, i) => {
    const set = (name: string, value: string): void => out.set(`g${i}.${name}`, value)
    set('expr', panel.expr)
    set('tab', panel.tab)
    if (panel.stacked) set('display_mode', 'stacked')
    if (panel.hidden.length > 0) set('hidden', panel.hidden.join(','))
    for (const [name, value] of Object.entries(time.perPanel)) set(name, value)
    if (stepMs) set('step_input', String(stepMs / 1000))
  })
  for (const [name, value] of Object.entries(time.shared)) out.set(name, value)
  if (state.refresh > 0) out.set('refresh', String(state.refresh))
  return out
}

type Strings = Record<string, string>

/** What Prometheus can say in its own words goes there; "yesterday" and its like go into from/to. */
function encodeRange(range: TimeRange, nowMs: number): { perPanel: Strings; shared: Strings } {
  const plainLast = /^now-((?:\d+(?:ms|[smhdwy]))+)$/.exec(range.from)
  if (range.to === 'now' && plainLast) return { perPanel: { range_input: plainLast[1]! }, shared: {} }
  if (!isRelative(range.from) && !isRelative(range.to)) {
    const from = parseTime(range.from, nowMs, 'from', true)
    const to = parseTime(range.to, nowMs, 'to', true)
    // Only texts with an explicit zone mean the same to every reader.
    if (from !== undefined && to !== undefined && to > from && range.from.endsWith('Z') && range.to.endsWith('Z')) {
      return { perPanel: { range_input: formatDuration(to - from), end_input: range.to.slice(0, -1) }, shared: {} }
    }
  }
  return { perPanel: {}, shared: { from: range.from, to: range.to } }
}

/** A link to one expression, for rule pages and lists. */
export function queryLink(expr: string, tab: Tab = 'graph', range: TimeRange = DEFAULT_RANGE): string {
  const state: QueryState = { panels: [{ ...emptyPanel(), expr, tab }], range, step: '', refresh: 0 }
  return `./query?${encodeQueryState(state, 0).toString()}`
}
