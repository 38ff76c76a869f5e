// One query: its text, and what came back.

import { useEffect, useRef } from 'preact/hooks'
import { formatDuration } from '../../lib/duration'
import { formatSpan, plural } from '../../lib/format'
import type { QueryPanel, Tab } from '../../lib/query-url'
import { locateError } from '../../lib/query-error'
import type { TimeRange } from '../../lib/time-range'
import { Icon } from '../../ui/icons'
import { Empty, Skeleton } from '../../ui/notices'
import { Editor } from './editor'
import { Graph } from './graph'
import { ResultTable } from './result-table'
import { removePanel, runPanel, runs, setPanel } from './state'
import { useQuery, type QueryResult, type QueryRun } from './use-query'

interface Props {
  index: number
  panel: QueryPanel
  range: TimeRange
  step: string
  alone: boolean
}

export function Panel({ index, panel, range, step, alone }: Props) {
  const draft = useRef(panel.expr)
  useEffect(() => void (draft.current = panel.expr), [panel.expr])
  const run = useQuery(panel.expr, panel.tab, range, step, runs.value)
  const name = alone ? 'Query' : `Query ${index + 1}`
  return (
    <section class="card panel" aria-label={name} data-state={stateOf(panel, run)}>
      <div class="panel-editor">
        <Editor label={`${name}: PromQL expression`} expr={panel.expr} onChange={(text) => (draft.current = text)} onRun={(text) => runPanel(index, text)} />
        <button type="button" class="button primary run" onClick={() => runPanel(index, draft.current)}>
          <Icon name="play" size={14} />
          Run
        </button>
        {alone ? null : (
          <button type="button" class="icon-button" aria-label={`Remove ${name.toLowerCase()}`} title="Remove" onClick={() => removePanel(index)}>
            <Icon name="trash" />
          </button>
        )}
      </div>
      {run.error ? <QueryError expr={panel.expr} error={run.error} /> : null}
      <div class="panel-bar">
        <span class="segmented" role="tablist" aria-label="View">
          {(['graph', 'table'] as Tab[]).map((tab) => (
            <button key={tab} type="button" role="tab" aria-selected={panel.tab === tab} onClick={() => setPanel(index, { tab }, 'push')}>
              {tab === 'graph' ? 'Graph' : 'Table'}
            </button>
          ))}
        </span>
        {panel.tab === 'graph' ? (
          <label class="check">
            <input type="checkbox" checked={panel.stacked} onChange={(e) => setPanel(index, { stacked: e.currentTarget.checked }, 'replace')} />
            Stacked
          </label>
        ) : null}
        <span class="spacer" />
        {run.result ? <Summary result={run.result} /> : null}
      </div>
      <div class={`progress ${run.loading ? 'on' : ''}`} role="presentation" />
      <Notes result={run.result} />
      <div class={`panel-result ${run.loading || run.error ? 'old' : ''}`} aria-busy={run.loading}>
        <Result index={index} panel={panel} run={run} />
      </div>
    </section>
  )
}

function stateOf(panel: QueryPanel, run: QueryRun): string {
  if (run.error) return 'error'
  if (run.loading) return 'loading'
  if (panel.expr.trim() === '') return 'idle'
  return countOf(run.result) === 0 ? 'empty' : 'ready'
}

function countOf(result: QueryResult | undefined): number {
  if (!result) return 0
  return result.data.resultType === 'vector' || result.data.resultType === 'matrix' ? result.data.result.length : 1
}

function Summary({ result }: { result: QueryResult }) {
  return (
    <span class="muted num small" data-testid="summary">
      {plural(countOf(result), 'series', 'series')} · {formatSpan(result.tookMs)}
      {result.tab === 'graph' ? ` · step ${formatDuration(result.stepMs)}` : ''}
    </span>
  )
}

/** What the server wants known about an answer that is nevertheless an answer. */
function Notes({ result }: { result: QueryResult | undefined }) {
  if (!result) return null
  return (
    <>
      {result.warnings.map((text) => (
        <div class="notice tone-warn" key={text}>
          <Icon name="firing" />
          <p>{text}</p>
        </div>
      ))}
      {result.infos.map((text) => (
        <div class="notice tone-plain" key={text}>
          <Icon name="status" />
          <p>{text}</p>
        </div>
      ))}
    </>
  )
}

function Result({ index, panel, run }: { index: number; panel: QueryPanel; run: QueryRun }) {
  const { result } = run
  if (!result) {
    if (run.loading) return <Skeleton rows={5} />
    if (run.error) return null
    return (
      <Empty title="Nothing asked yet">
        <p>
          Type an expression and press Enter. A place to start: <code>up</code>
        </p>
      </Empty>
    )
  }
  if (countOf(result) === 0) {
    return (
      <Empty title="The query is valid and matches no series">
        <p>
          {panel.tab === 'graph' ? 'Nothing in this time range' : 'Nothing at the end of this time range'}. Check label values, or choose a
          longer range.
        </p>
      </Empty>
    )
  }
  return panel.tab === 'graph' ? <Graph index={index} panel={panel} result={result} /> : <ResultTable data={result.data} />
}

/** The message, with the expression and a caret where it points. */
function QueryError({ expr, error }: { expr: string; error: Error }) {
  const place = locateError(expr, error.message)
  return (
    <div class="notice tone-bad query-error" role="alert" data-testid="query-error">
      <Icon name="down" />
      <div>
        <p>{place?.message ?? error.message}</p>
        {place ? (
          <pre tabIndex={0}>
            {place.source}
            {'\n'}
            <span class="caret">{' '.repeat(place.column)}^</span>
          </pre>
        ) : null}
      </div>
    </div>
  )
}
