// One panel's conversation with the server.

import { useEffect, useRef, useState } from 'preact/hooks'
import { queryInstant, queryRange, type Answer } from '../../api/client'
import type { QueryData } from '../../api/types'
import type { Tab } from '../../lib/query-url'
import { alignRange, chooseStepMs } from '../../lib/step'
import { resolveRange, type TimeRange } from '../../lib/time-range'
import { clock } from '../../state/settings'

/** Enough for a sharp line on a wide screen; more would be drawn on the same pixels. */
const POINTS = 480

export interface QueryResult {
  tab: Tab
  expr: string
  data: QueryData
  warnings: string[]
  infos: string[]
  tookMs: number
  fromMs: number
  toMs: number
  stepMs: number
}

export interface QueryRun {
  /** The newest answer; stays while the next one is on its way. */
  result: QueryResult | undefined
  error: Error | undefined
  loading: boolean
}

export function useQuery(expr: string, tab: Tab, range: TimeRange, step: string, run: number): QueryRun {
  const [state, setState] = useState<QueryRun>({ result: undefined, error: undefined, loading: false })
  const latest = useRef(state)
  const set = (next: QueryRun): void => setState((latest.current = next))
  useEffect(() => {
    if (expr.trim() === '') return set({ result: undefined, error: undefined, loading: false })
    const resolved = resolveRange(range, Date.now(), clock.value === 'utc')
    if ('error' in resolved) return set({ ...latest.current, error: new Error(resolved.error), loading: false })
    const stepMs = chooseStepMs(resolved.toMs - resolved.fromMs, step, POINTS)
    const { fromMs, toMs } = alignRange(resolved.fromMs, resolved.toMs, stepMs)
    const abort = new AbortController()
    const began = performance.now()
    // An old answer of the other kind cannot stand in while this one loads.
    const kept = latest.current.result?.tab === tab ? latest.current.result : undefined
    set({ result: kept, error: undefined, loading: true })
    const asked: Promise<Answer<QueryData>> =
      tab === 'graph' ? queryRange(expr, fromMs, toMs, stepMs, abort.signal) : queryInstant(expr, resolved.toMs, abort.signal)
    asked.then(
      ({ data, warnings, infos }) => {
        if (abort.signal.aborted) return
        const tookMs = performance.now() - began
        set({ result: { tab, expr, data, warnings, infos, tookMs, fromMs, toMs, stepMs }, error: undefined, loading: false })
      },
      (error: Error) => {
        if (abort.signal.aborted) return
        // Under the error of a new question the answer to an old one would mislead.
        set({ result: kept?.expr === expr ? kept : undefined, error, loading: false })
      },
    )
    return () => abort.abort()
  }, [expr, tab, range.from, range.to, step, run])
  return state
}
