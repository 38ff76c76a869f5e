// The query page's state is its URL; these are the ways to read and change it.

import { computed, signal } from '@preact/signals'
import { decodeQueryState, emptyPanel, encodeQueryState, type QueryPanel, type QueryState } from '../../lib/query-url'
import { resolveRange, scaleRange, shiftRange, type ResolvedRange, type TimeRange } from '../../lib/time-range'
import { go, params } from '../../state/router'
import { clock } from '../../state/settings'

export const queryState = computed<QueryState>(() => decodeQueryState(params.value, Date.now()))

/** Rises when the same queries are to be asked again: Run, the refresh button, the refresh interval. */
export const runs = signal(0)

type History = 'push' | 'replace'

function update(change: Partial<QueryState>, how: History): void {
  const next = { ...queryState.value, ...change }
  go(`./query?${encodeQueryState(next, Date.now()).toString()}`, how === 'replace')
}

export function setPanel(index: number, change: Partial<QueryPanel>, how: History): void {
  update({ panels: queryState.value.panels.map((p, i) => (i === index ? { ...p, ...change } : p)) }, how)
}

/** Runs panel `index` with a new text; the same text again still asks the server again. */
export function runPanel(index: number, expr: string): void {
  const panel = queryState.value.panels[index]!
  // Hidden series belong to the old question.
  if (panel.expr !== expr) setPanel(index, { expr, hidden: [] }, 'push')
  else runs.value++
}

export const addPanel = (): void => update({ panels: [...queryState.value.panels, emptyPanel()] }, 'push')

export function removePanel(index: number): void {
  const rest = queryState.value.panels.filter((_, i) => i !== index)
  update({ panels: rest.length > 0 ? rest : [emptyPanel()] }, 'push')
}

export const setRange = (range: TimeRange): void => update({ range }, 'push')
export const setStep = (step: string): void => update({ step }, 'replace')
export const setRefresh = (refresh: number): void => update({ refresh }, 'replace')

/** The range in instants, as of now; undefined when its text makes no sense. */
export function currentRange(): ResolvedRange | undefined {
  const resolved = resolveRange(queryState.value.range, Date.now(), clock.value === 'utc')
  return 'error' in resolved ? undefined : resolved
}

export function zoomOut(): void {
  const r = currentRange()
  if (r) setRange(scaleRange(r, 2, Date.now()))
}

export function shift(share: number): void {
  const r = currentRange()
  if (r) setRange(shiftRange(r, share, Date.now()))
}
