// A range result as a graph with its legend.

import { useMemo, useState } from 'preact/hooks'
import type { MatrixSample } from '../../api/types'
import { formatCount, formatValue } from '../../lib/format'
import { differingLabels, labelsHash, labelsKey, seriesName } from '../../lib/labels'
import { columnStats, stackColumns, toGrid } from '../../lib/matrix'
import type { QueryPanel } from '../../lib/query-url'
import { DARK_PALETTE, DASHES, LIGHT_PALETTE, assignStyles } from '../../lib/series-color'
import { absoluteRange, formatAbsolute } from '../../lib/time-range'
import { guessUnit } from '../../lib/unit-guess'
import { clock, isDark } from '../../state/settings'
import { Icon } from '../../ui/icons'
import { Empty } from '../../ui/notices'
import { Chart } from './chart'
import { Legend, type LegendEntry } from './legend'
import { setPanel, setRange, zoomOut } from './state'
import type { QueryResult } from './use-query'

/** More lines than this tell nothing apart and stall the browser. */
const MOST_DRAWN = 500

export function Graph({ index, panel, result }: { index: number; panel: QueryPanel; result: QueryResult }) {
  const all = result.data.resultType === 'matrix' ? result.data.result : []
  const drawable = useMemo(() => all.filter((s) => (s.values?.length ?? 0) > 0).slice(0, MOST_DRAWN), [result])
  const palette = isDark() ? DARK_PALETTE : LIGHT_PALETTE
  const series = useMemo(() => describe(drawable, result), [drawable])
  const unit = useMemo(() => guessUnit(result.expr), [result])
  const [focused, setFocused] = useState<string | undefined>(undefined)
  const utc = clock.value === 'utc'

  const hidden = new Set(panel.hidden)
  const shown = series.filter((s) => !hidden.has(s.hash))
  const columns = useMemo(() => {
    const raw = shown.map((s) => s.column)
    return { raw, drawn: panel.stacked ? stackColumns(raw, raw.map(() => true)) : raw }
  }, [series, panel.hidden.join(), panel.stacked])

  if (all.length > 0 && drawable.length === 0) {
    return (
      <Empty title="Native histograms are not drawn as lines">
        <p>
          Wrap the expression in <code>histogram_quantile(0.95, …)</code> or look at the table.
        </p>
      </Empty>
    )
  }
  const entries: LegendEntry[] = series.map((s) => ({
    hash: s.hash,
    name: s.name,
    color: palette[s.style.color]!,
    dash: DASHES[s.style.dash]!,
    stats: s.stats,
    visible: !hidden.has(s.hash),
  }))
  const lines = entries.filter((e) => e.visible)
  return (
    <>
      {all.length > drawable.length ? (
        <div class="notice tone-plain">
          <Icon name="status" />
          <p>
            Showing {formatCount(drawable.length)} of {formatCount(all.length)} series. Narrow the selection, or use topk().
          </p>
        </div>
      ) : null}
      <Chart
        times={series[0]?.times ?? []}
        columns={columns.raw}
        drawn={columns.drawn}
        lines={lines}
        stacked={panel.stacked}
        unit={unit}
        utc={utc}
        focused={focused}
        label={sentence(entries, result, unit, utc)}
        onZoom={(from, to) => setRange(absoluteRange(from, to))}
        onZoomOut={zoomOut}
      />
      <Legend
        entries={entries}
        unit={unit}
        onFocus={setFocused}
        onChange={(hashes) => setPanel(index, { hidden: hashes }, 'replace')}
      />
    </>
  )
}

function describe(samples: readonly MatrixSample[], result: QueryResult) {
  const grid = toGrid(samples, result.fromMs, result.toMs, result.stepMs)
  const differing = differingLabels(samples.map((s) => s.metric))
  const styles = assignStyles(samples.map((s) => labelsKey(s.metric)))
  return samples.map((s, i) => ({
    hash: labelsHash(s.metric),
    name: seriesName(s.metric, differing, result.expr),
    style: styles.get(labelsKey(s.metric))!,
    column: grid.columns[i]!,
    times: grid.times,
    stats: columnStats(grid.columns[i]!),
  }))
}

/** The graph in words, for those who cannot see it. */
function sentence(entries: readonly LegendEntry[], result: QueryResult, unit: Parameters<typeof formatValue>[1], utc: boolean): string {
  const top = [...entries].sort((a, b) => b.stats.max - a.stats.max)[0]
  const span = `from ${formatAbsolute(result.fromMs, utc)} to ${formatAbsolute(result.toMs, utc)}`
  if (!top) return `Graph of ${result.expr} ${span}`
  return `Graph of ${result.expr} ${span}, ${entries.length} series. Highest: ${top.name} with ${formatValue(top.stats.max, unit)}, now ${formatValue(top.stats.last, unit)}.`
}
