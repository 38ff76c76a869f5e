// Scrape targets grouped by pool, as /api/v1/targets gives them.

export type Health = 'up' | 'down' | 'unknown'

export interface Target {
  discoveredLabels?: Record<string, string>
  labels: Record<string, string>
  scrapePool: string
  scrapeUrl: string
  globalUrl?: string
  lastError: string
  lastScrape: string
  lastScrapeDuration: number
  health: Health
  scrapeInterval?: string
  scrapeTimeout?: string
}

export interface Pool {
  name: string
  up: number
  total: number
  /** Targets that pass the filter, unhealthy ones first. */
  targets: Target[]
}

const RANK: Record<Health, number> = { down: 0, unknown: 1, up: 2 }

function textOf(t: Target): string {
  const labels = Object.entries(t.labels).map(([k, v]) => `${k}=${v}`)
  return `${t.scrapeUrl}\n${t.scrapePool}\n${t.lastError}\n${labels.join('\n')}`.toLowerCase()
}

/** Pools with trouble first, then by name; counts are of the whole pool, the list is filtered. */
export function groupTargets(targets: readonly Target[], health: ReadonlySet<Health>, text: string, only = ''): Pool[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const pools = new Map<string, Pool>()
  for (const t of targets) {
    if (only !== '' && t.scrapePool !== only) continue
    let pool = pools.get(t.scrapePool)
    if (!pool) pools.set(t.scrapePool, (pool = { name: t.scrapePool, up: 0, total: 0, targets: [] }))
    pool.total++
    if (t.health === 'up') pool.up++
    if (!health.has(t.health)) continue
    if (words.length > 0) {
      const haystack = textOf(t)
      if (!words.every((w) => haystack.includes(w))) continue
    }
    pool.targets.push(t)
  }
  const byUrl = (a: Target, b: Target): number =>
    RANK[a.health] - RANK[b.health] || a.scrapeUrl.localeCompare(b.scrapeUrl, undefined, { numeric: true })
  return [...pools.values()]
    .filter((p) => p.targets.length > 0)
    .map((p) => ({ ...p, targets: p.targets.sort(byUrl) }))
    .sort((a, b) => Number(a.up === a.total) - Number(b.up === b.total) || a.name.localeCompare(b.name))
}

export function countHealth(targets: readonly Target[]): Record<Health, number> {
  const counts: Record<Health, number> = { up: 0, down: 0, unknown: 0 }
  for (const t of targets) counts[t.health]++
  return counts
}
