// vigil's own pulse: a few numbers with their last half hour.

import { formatValue } from '../../lib/format'
import { columnStats } from '../../lib/matrix'
import { queryLink } from '../../lib/query-url'
import { Sparkline } from '../../ui/sparkline'
import { emptyTiles, type Tile } from './load'

export function Tiles({ tiles }: { tiles: Tile[] | undefined }) {
  return (
    <section class="tiles" aria-label="vigil itself, last 30 minutes">
      {(tiles ?? emptyTiles()).map((tile) => {
        const { last } = columnStats(tile.column)
        const value = Number.isNaN(last) ? '–' : formatValue(last, tile.unit, 3)
        return (
          <a class="tile card" key={tile.title} href={queryLink(tile.expr)} data-value={last}>
            <span class="tile-title">{tile.title}</span>
            <span class="tile-value num">{value}</span>
            <Sparkline column={tile.column} height={32} label={`${tile.title}, now ${value}`} />
          </a>
        )
      })}
    </section>
  )
}
