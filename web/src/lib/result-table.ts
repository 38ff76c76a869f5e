// An instant result as a table: what all rows share is said once, what differs gets a column.

import { commonLabels, differingLabels, type Labels } from './labels'
import { compareValues, parseValue } from './value'

export interface ResultRow {
  labels: Labels
  /** The value exactly as the API spelled it. */
  text: string
}

export interface ResultTable {
  common: Labels
  columns: string[]
  rows: ResultRow[]
}

/** `sort` is a label name or "value"; '' keeps the server's order, which sort() and topk() make meaningful. */
export interface SortBy {
  column: string
  descending: boolean
}

const natural = new Intl.Collator('en', { numeric: true })

export function buildTable(rows: readonly ResultRow[], sort: SortBy): ResultTable {
  const sets = rows.map((r) => r.labels)
  const alone = rows.length === 1
  const sorted = [...rows]
  if (sort.column === 'value') sorted.sort((a, b) => compareValues(parseValue(a.text), parseValue(b.text)))
  else if (sort.column !== '') {
    sorted.sort((a, b) => natural.compare(a.labels[sort.column] ?? '', b.labels[sort.column] ?? ''))
  }
  if (sort.column !== '' && sort.descending) sorted.reverse()
  return {
    common: alone ? {} : commonLabels(sets),
    columns: alone ? Object.keys(sets[0]!).sort() : differingLabels(sets),
    rows: sorted,
  }
}
