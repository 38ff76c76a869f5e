// Range-query results on one time grid, ready to draw.

import { parseValue } from './value'

export interface MatrixSeries {
  metric: Record<string, string>
  values?: [number, string][]
}

export interface Grid {
  /** Unix seconds, one per step. */
  times: number[]
  /** Per series, one value per step; null where the series has no sample, which is drawn as a gap. */
  columns: (number | null)[][]
}

/** Places every sample on the grid start, start + step, … end (ms). */
export function toGrid(series: readonly MatrixSeries[], fromMs: number, toMs: number, stepMs: number): Grid {
  const n = Math.max(0, Math.floor((toMs - fromMs) / stepMs) + 1)
  const times = Array.from({ length: n }, (_, i) => (fromMs + i * stepMs) / 1000)
  const columns = series.map((s) => {
    const column = new Array<number | null>(n).fill(null)
    for (const [t, text] of s.values ?? []) {
      const i = Math.round((t * 1000 - fromMs) / stepMs)
      // NaN and infinities have no place on a linear axis; the table shows them.
      const v = parseValue(text)
      if (i >= 0 && i < n) column[i] = Number.isFinite(v) ? v : null
    }
    return column
  })
  return { times, columns }
}

/** Running sums over the visible columns, first at the bottom. A gap counts as nothing but stays a gap in its own band. */
export function stackColumns(columns: readonly (number | null)[][], visible: readonly boolean[]): (number | null)[][] {
  const length = columns[0]?.length ?? 0
  const sum = new Array<number>(length).fill(0)
  return columns.map((column, k) => {
    if (!visible[k]) return column
    return column.map((v, i) => {
      if (v === null) return null
      sum[i]! += v
      return sum[i]!
    })
  })
}

export interface ColumnStats {
  last: number
  min: number
  max: number
  mean: number
}

/** NaN throughout for a column without a value. */
export function columnStats(column: readonly (number | null)[]): ColumnStats {
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let count = 0
  let last = NaN
  for (const v of column) {
    if (v === null) continue
    if (v < min) min = v
    if (v > max) max = v
    sum += v
    count++
    last = v
  }
  return count === 0 ? { last: NaN, min: NaN, max: NaN, mean: NaN } : { last, min, max, mean: sum / count }
}
