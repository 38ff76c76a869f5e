// Scrape targets per pool, trouble first.

import './targets.css'
import { useMemo } from 'preact/hooks'
import { get } from '../../api/client'
import type { TargetsData } from '../../api/types'
import { formatCount } from '../../lib/format'
import { countHealth, groupTargets, type Health } from '../../lib/targets'
import { page, params, setParams } from '../../state/router'
import { POLL_MS, usePolled } from '../../state/poll'
import { SearchBox, StateToggles } from '../../ui/filters'
import { Empty, ErrorBox, Skeleton } from '../../ui/notices'
import { TargetList } from './target-list'

const HEALTHS: readonly Health[] = ['down', 'unknown', 'up']

/** The list of ten thousand targets is megabytes: asking for it every five seconds would be most of the server's work. */
const everyMs = (data: TargetsData | undefined): number => (data && data.activeTargets.length > 1000 ? 4 * POLL_MS : POLL_MS)

export function TargetsPage() {
  const { data, error, at } = usePolled((signal) => get<TargetsData>('targets', { state: 'active' }, signal), [], everyMs)
  const targets = data?.activeTargets
  const text = params.value.get('q') ?? ''
  const pool = params.value.get('pool') ?? ''
  const health = params.value.get('health') ?? ''
  const chosen = new Set(health === '' ? HEALTHS : HEALTHS.filter((h) => health.split(',').includes(h)))
  const counts = useMemo(() => targets && countHealth(targets), [targets])
  const names = useMemo(() => [...new Set(targets?.map((t) => t.scrapePool))].sort(), [targets])
  const pools = useMemo(() => targets && groupTargets(targets, chosen, text, pool), [targets, text, pool, health])
  if (page.value !== 'targets') return null
  const dropped = Object.values(data?.droppedTargetCounts ?? {}).reduce((a, b) => a + b, 0)
  return (
    <div data-testid="targets" data-state={targets ? 'ready' : 'loading'}>
      <div class="toolbar">
        <StateToggles
          legend="Target health"
          kinds={HEALTHS}
          counts={counts}
          chosen={chosen}
          onChange={(next) => setParams({ health: next.size === HEALTHS.length ? '' : HEALTHS.filter((h) => next.has(h)).join(',') })}
        />
        <select class="select" aria-label="Scrape pool" value={pool} onChange={(e) => setParams({ pool: e.currentTarget.value })}>
          <option value="">All pools</option>
          {[...new Set(pool ? [...names, pool] : names)].map((n) => (
            <option key={n} value={n}>
              {n}
            </option>
          ))}
        </select>
        <span class="spacer" />
        {dropped > 0 ? <span class="muted small num">{formatCount(dropped)} dropped by relabelling</span> : null}
        <SearchBox value={text} label="Filter by address, label, error" onChange={(q) => setParams({ q })} />
      </div>
      {error ? <ErrorBox error={error} since={at} /> : null}
      {!pools || !targets ? (
        error ? null : <Skeleton rows={8} />
      ) : targets.length === 0 ? (
        <Empty title="Nothing is scraped yet">
          <p>
            Add a <code>scrape_configs</code> section to the configuration. The <a href="./">home page</a> shows how.
          </p>
        </Empty>
      ) : pools.length === 0 ? (
        <Empty title="No target matches the filter">
          <p>
            <a href="./targets">Show all targets</a>
          </p>
        </Empty>
      ) : (
        <TargetList pools={pools} />
      )}
    </div>
  )
}
