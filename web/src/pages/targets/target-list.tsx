// The rows of all pools as one long list, of which only what is on the screen exists as elements: ten thousand
// targets scroll like ten.

import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Pool, Target } from '../../lib/targets'
import { rowOffsets, visibleRows } from '../../lib/window'
import { PoolRow, TargetRow } from './target-row'

type Row = { key: string; pool: Pool; target?: undefined } | { key: string; pool: Pool; target: Target }

/** Heights in targets.css; rows of a phone are cards of several lines. */
const HEIGHTS = {
  wide: { pool: 60, target: 44, error: 68 },
  narrow: { pool: 60, target: 96, error: 122 },
}
/** Rows are drawn this far beyond the screen, so that fast scrolling shows no blank. */
const MARGIN = 600

const narrowScreen = window.matchMedia('(max-width: 720px)')

export function TargetList({ pools }: { pools: Pool[] }) {
  const list = useRef<HTMLDivElement>(null)
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [measured, setMeasured] = useState<ReadonlyMap<string, number>>(new Map())
  const narrow = useNarrow()

  const rows = useMemo(
    () =>
      pools.flatMap((pool): Row[] => [
        { key: `pool ${pool.name}`, pool },
        ...(folded.has(pool.name) ? [] : pool.targets.map((target) => ({ key: keyOf(target), pool, target }))),
      ]),
    [pools, folded],
  )
  const offsets = useMemo(() => {
    const h = narrow ? HEIGHTS.narrow : HEIGHTS.wide
    return rowOffsets(
      rows.map(({ key, target }) => {
        if (!target) return h.pool
        const own = target.lastError ? h.error : h.target
        return open.has(key) ? (measured.get(key) ?? own + 220) : own
      }),
    )
  }, [rows, narrow, open, measured])

  const scroll = useSignal({ top: 0, bottom: window.innerHeight })
  useLayoutEffect(() => {
    const read = (): void => {
      const top = -(list.current?.getBoundingClientRect().top ?? 0)
      scroll.value = { top, bottom: top + window.innerHeight }
    }
    read()
    window.addEventListener('scroll', read, { passive: true })
    window.addEventListener('resize', read)
    return () => {
      window.removeEventListener('scroll', read)
      window.removeEventListener('resize', read)
    }
  }, [])
  // Steps of a third of the margin: scrolling redraws a few times per screen instead of every frame.
  const band = useComputed(() => {
    const grain = MARGIN / 3
    return `${Math.floor((scroll.value.top - MARGIN) / grain) * grain} ${Math.ceil((scroll.value.bottom + MARGIN) / grain) * grain}`
  })
  const [from, to] = band.value.split(' ').map(Number) as [number, number]
  const { first, end } = visibleRows(offsets, from, to)

  return (
    <div ref={list} class="target-list" role="list" style={{ height: `${offsets.at(-1)}px` }}>
      {rows.slice(first, end).map((row, i) => {
        const style = { transform: `translateY(${offsets[first + i]}px)` }
        if (!row.target) {
          return (
            <PoolRow
              key={row.key}
              style={style}
              pool={row.pool}
              folded={folded.has(row.pool.name)}
              onFold={() => setFolded(toggled(folded, row.pool.name))}
            />
          )
        }
        return (
          <TargetRow
            key={row.key}
            style={style}
            target={row.target}
            open={open.has(row.key)}
            last={rows[first + i + 1]?.target === undefined}
            onToggle={() => setOpen(toggled(open, row.key))}
            onHeight={(px) => {
              if (measured.get(row.key) !== px) setMeasured(new Map(measured).set(row.key, px))
            }}
          />
        )
      })}
    </div>
  )
}

const keyOf = (t: Target): string => `${t.scrapePool} ${t.scrapeUrl} ${JSON.stringify(t.labels)}`

function toggled(set: ReadonlySet<string>, item: string): Set<string> {
  const next = new Set(set)
  if (!next.delete(item)) next.add(item)
  return next
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(narrowScreen.matches)
  useEffect(() => {
    const changed = (): void => setNarrow(narrowScreen.matches)
    narrowScreen.addEventListener('change', changed)
    return () => narrowScreen.removeEventListener('change', changed)
  }, [])
  return narrow
}
