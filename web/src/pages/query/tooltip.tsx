// What all series say at the crosshair, largest first, the one under the pointer marked.

import type { Signal } from '@preact/signals'
import type uPlot from 'uplot'
import { formatCount, formatValue, type Unit } from '../../lib/format'
import { formatAbsolute } from '../../lib/time-range'
import { Swatch, type LegendEntry } from './legend'

export interface Hover {
  idx: number
  /** Pointer position inside the plotting area, CSS pixels. */
  left: number
  top: number
  /** Index of the line under the pointer. */
  nearest: number | undefined
}

interface Props {
  hover: Signal<Hover | undefined>
  times: readonly number[]
  columns: readonly (readonly (number | null)[])[]
  lines: readonly LegendEntry[]
  unit: Unit
  utc: boolean
  plot: { current: uPlot | undefined }
}

const ROWS = 10

export function Tooltip({ hover, times, columns, lines, unit, utc, plot }: Props) {
  const at = hover.value
  const time = at && times[at.idx]
  const over = plot.current?.over
  if (!at || time === undefined || !over) return null
  const known = lines
    .map((line, i) => ({ line, i, v: columns[i]?.[at.idx] ?? null }))
    .filter((r): r is { line: LegendEntry; i: number; v: number } => r.v !== null)
    .sort((a, b) => b.v - a.v)
  const nearest = known.find((r) => r.i === at.nearest)
  let rows = known.slice(0, ROWS)
  if (nearest && !rows.includes(nearest)) rows = [...rows.slice(0, ROWS - 1), nearest]
  const right = at.left > over.clientWidth / 2
  const x = over.offsetLeft + at.left
  return (
    <div
      class="tooltip"
      style={right ? { right: `calc(100% - ${x - 14}px)` } : { left: `${x + 14}px` }}
    >
      <p class="num tooltip-time">{formatAbsolute(time * 1000, utc)}</p>
      {rows.map((r) => (
        <p key={r.line.hash} class={r === nearest ? 'nearest' : ''}>
          <Swatch color={r.line.color} dash={r.line.dash} />
          <span class="tooltip-name mono">{r.line.name}</span>
          <span class="num">{formatValue(r.v, unit)}</span>
        </p>
      ))}
      {known.length > rows.length ? <p class="muted">and {formatCount(known.length - rows.length)} more</p> : null}
      {known.length === 0 ? <p class="muted">No sample here</p> : null}
    </div>
  )
}
