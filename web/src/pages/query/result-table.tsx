// An instant result: one row per series, a column per label that differs, values exactly as the server spelled them.

import { useMemo, useState } from 'preact/hooks'
import type { HistogramValue, QueryData } from '../../api/types'
import { formatCount } from '../../lib/format'
import { buildTable, type ResultRow, type SortBy } from '../../lib/result-table'
import { Icon } from '../../ui/icons'
import { LabelChips } from '../../ui/labels'

const FIRST_ROWS = 200

export function ResultTable({ data }: { data: QueryData }) {
  const [sort, setSort] = useState<SortBy>({ column: '', descending: false })
  const [all, setAll] = useState(false)
  const rows = useMemo(() => rowsOf(data), [data])
  const table = useMemo(() => buildTable(rows, sort), [rows, sort])
  const shown = all ? table.rows : table.rows.slice(0, FIRST_ROWS)
  const sortBy = (column: string): void =>
    // Values are mostly read from the top: largest first. A third click brings the server's order back.
    setSort((s) => {
      const first = column === 'value'
      if (s.column !== column) return { column, descending: first }
      return s.descending === first ? { column, descending: !first } : { column: '', descending: false }
    })
  const head = (column: string, title: string, right: boolean) => (
    <th class={right ? 'right' : ''} aria-sort={sort.column !== column ? 'none' : sort.descending ? 'descending' : 'ascending'}>
      <button type="button" class="sort" onClick={() => sortBy(column)}>
        {title}
        {sort.column === column ? <Icon name={sort.descending ? 'arrowDown' : 'arrowUp'} size={12} /> : null}
      </button>
    </th>
  )
  return (
    <div class="result-table">
      {Object.keys(table.common).length > 0 ? (
        <p class="common">
          <span class="muted">All rows:</span> <LabelChips labels={table.common} />
        </p>
      ) : null}
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Query result">
        <table class="table" data-testid="result-table">
          <thead>
            <tr>
              {table.columns.map((c) => head(c, c === '__name__' ? 'metric' : c, false))}
              {head('value', 'Value', true)}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, i) => (
              <tr key={i}>
                {table.columns.map((c) => (
                  <td key={c} class="mono">
                    {row.labels[c] ?? ''}
                  </td>
                ))}
                <td class="right mono value">{row.text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {table.rows.length > shown.length ? (
        <button type="button" class="link more-series" onClick={() => setAll(true)}>
          Show all {formatCount(table.rows.length)} rows
        </button>
      ) : null}
    </div>
  )
}

function rowsOf(data: QueryData): ResultRow[] {
  switch (data.resultType) {
    case 'scalar':
    case 'string':
      return [{ labels: {}, text: data.result[1] }]
    case 'vector':
      return data.result.map((s) => ({ labels: s.metric, text: s.value?.[1] ?? histogramText(s.histogram?.[1]) }))
    case 'matrix':
      // A range selector: every sample with its time, as the query asked for.
      return data.result.map((s) => ({
        labels: s.metric,
        text: [
          ...(s.values ?? []).map(([t, v]) => `${v} @${t}`),
          ...(s.histograms ?? []).map(([t, h]) => `${histogramText(h)} @${t}`),
        ].join('\n'),
      }))
  }
}

const BRACKETS = ['(]', '[)', '()', '[]']

function histogramText(h: HistogramValue | undefined): string {
  if (!h) return ''
  const buckets = (h.buckets ?? []).map(([rule, low, high, count]) => {
    const edge = BRACKETS[rule] ?? '()'
    return `${edge[0]}${low}, ${high}${edge[1]}: ${count}`
  })
  return [`count ${h.count}, sum ${h.sum}`, ...buckets].join('\n')
}
