// The series of a graph: what each line is, its numbers, and switches to hide it or show it alone.

import { useState } from 'preact/hooks'
import { formatCount, formatValue, type Unit } from '../../lib/format'
import type { ColumnStats } from '../../lib/matrix'

export interface LegendEntry {
  hash: string
  name: string
  color: string
  dash: readonly number[]
  stats: ColumnStats
  visible: boolean
}

interface Props {
  entries: readonly LegendEntry[]
  unit: Unit
  onFocus: (hash: string | undefined) => void
  /** The hashes of all series that are to be hidden. */
  onChange: (hidden: string[]) => void
}

/** Longer legends start folded: a page of names pushes the graph off the screen. */
const FOLDED = 20

export function Legend({ entries, unit, onFocus, onChange }: Props) {
  const [unfolded, setUnfolded] = useState(false)
  const rows = unfolded ? entries : entries.slice(0, FOLDED)
  const hidden = entries.filter((e) => !e.visible).map((e) => e.hash)
  const flip = (e: LegendEntry): void => onChange(e.visible ? [...hidden, e.hash] : hidden.filter((h) => h !== e.hash))
  const only = (e: LegendEntry): void => onChange(entries.filter((o) => o !== e).map((o) => o.hash))
  return (
    <div class="legend">
      <div class={`table-scroll ${unfolded ? 'tall' : ''}`} tabIndex={unfolded ? 0 : undefined}>
        <table class="table" aria-label="Series">
          <thead>
            <tr>
              <th>
                Series
                {hidden.length > 0 ? (
                  <button type="button" class="link" onClick={() => onChange([])}>
                    show all
                  </button>
                ) : null}
              </th>
              <th class="right">Last</th>
              <th class="right wide-only">Min</th>
              <th class="right wide-only">Mean</th>
              <th class="right">Max</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((e) => (
              <tr
                key={e.hash}
                class={e.visible ? '' : 'hidden-series'}
                data-series={e.name}
                onMouseEnter={() => e.visible && onFocus(e.hash)}
                onMouseLeave={() => onFocus(undefined)}
              >
                <td>
                  <span class="legend-name">
                    <button type="button" aria-pressed={e.visible} title={e.visible ? 'Hide' : 'Show'} onClick={() => flip(e)}>
                      <Swatch color={e.color} dash={e.dash} />
                      <span class="mono">{e.name}</span>
                    </button>
                    {entries.length > 1 ? (
                      <button type="button" class="link only" aria-label={`Show only ${e.name}`} onClick={() => only(e)}>
                        only
                      </button>
                    ) : null}
                  </span>
                </td>
                <td class="right">{formatValue(e.stats.last, unit)}</td>
                <td class="right wide-only">{formatValue(e.stats.min, unit)}</td>
                <td class="right wide-only">{formatValue(e.stats.mean, unit)}</td>
                <td class="right">{formatValue(e.stats.max, unit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {entries.length > FOLDED ? (
        <button type="button" class="link more-series" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
          {unfolded ? `Show the first ${FOLDED}` : `Show all ${formatCount(entries.length)} series`}
        </button>
      ) : null}
    </div>
  )
}

export function Swatch({ color, dash }: { color: string; dash: readonly number[] }) {
  return (
    <svg class="swatch" width="18" height="10" aria-hidden="true">
      <path d="M0 5H18" stroke={color} stroke-width="3" stroke-dasharray={dash.join(' ')} />
    </svg>
  )
}
