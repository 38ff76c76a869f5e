// What Home asks the server. Everything comes through queries, whose cost does not grow with the number of targets.

import { isReady, queryInstant, queryRange } from '../../api/client'
import type { QueryData } from '../../api/types'
import type { Unit } from '../../lib/format'
import { toGrid } from '../../lib/matrix'
import { alignRange } from '../../lib/step'
import { parseValue } from '../../lib/value'

type Column = (number | null)[]

export interface Job {
  name: string
  up: number
  total: number
  samples: number
  history: Column
}

export interface Tile {
  title: string
  expr: string
  unit: Unit
  column: Column
}

const HISTORY_MS = 30 * 60_000
const STEP_MS = 15_000

const SELF = '__name__=~"(vigil|prometheus)_tsdb_head_'
const TILES: Omit<Tile, 'column'>[] = [
  {
    title: 'Samples ingested',
    expr: `sum(rate({${SELF}samples_appended_total"}[1m])) or sum(sum_over_time(scrape_samples_scraped[1m])) / 60`,
    unit: 'per-second',
  },
  { title: 'Active series', expr: `sum({${SELF}series"}) or sum(scrape_samples_post_metric_relabeling)`, unit: 'none' },
  { title: 'Slowest scrape', expr: 'max(scrape_duration_seconds)', unit: 'seconds' },
  { title: 'Memory of vigil', expr: 'max(process_resident_memory_bytes{job=~"vigil|prometheus"})', unit: 'bytes' },
]

function byJob(data: QueryData): Map<string, number> {
  if (data.resultType !== 'vector') return new Map()
  return new Map(data.result.map((s) => [s.metric.job ?? '', parseValue(s.value?.[1] ?? '')]))
}

async function history(expr: string, nowMs: number, signal: AbortSignal): Promise<Map<string, Column>> {
  const range = alignRange(nowMs - HISTORY_MS, nowMs, STEP_MS)
  const { data } = await queryRange(expr, range.fromMs, range.toMs, STEP_MS, signal)
  if (data.resultType !== 'matrix') return new Map()
  const { columns } = toGrid(data.result, range.fromMs, range.toMs, STEP_MS)
  return new Map(data.result.map((s, i) => [s.metric.job ?? '', columns[i]!]))
}

export async function loadJobs(signal: AbortSignal): Promise<Job[]> {
  const [totals, ups, samples, histories] = await Promise.all([
    queryInstant('count by (job) (up)', undefined, signal).then((a) => byJob(a.data)),
    queryInstant('sum by (job) (up)', undefined, signal).then((a) => byJob(a.data)),
    queryInstant('sum by (job) (scrape_samples_scraped)', undefined, signal).then((a) => byJob(a.data)),
    history('sum by (job) (up)', Date.now(), signal),
  ])
  const jobs = [...totals].map(([name, total]) => ({
    name,
    total,
    up: ups.get(name) ?? 0,
    samples: samples.get(name) ?? NaN,
    history: histories.get(name) ?? [],
  }))
  return jobs.sort((a, b) => Number(a.up === a.total) - Number(b.up === b.total) || a.name.localeCompare(b.name))
}

/** A tile whose query fails shows a dash: one missing number must not take the others along. */
export const loadTiles = (signal: AbortSignal): Promise<Tile[]> =>
  Promise.all(
    TILES.map(async (tile) => {
      try {
        const [column] = (await history(tile.expr, Date.now(), signal)).values()
        return { ...tile, column: column ?? [] }
      } catch {
        return { ...tile, column: [] }
      }
    }),
  )

/** Undefined when even that question got no answer: the banner says so already. */
export async function loadReady(signal: AbortSignal): Promise<boolean | undefined> {
  try {
    return await isReady(signal)
  } catch {
    return undefined
  }
}

export const emptyTiles = (): Tile[] => TILES.map((t) => ({ ...t, column: [] }))
