import { describe, expect, it } from 'vitest'
import { pressKey, type KeyState } from '../../src/lib/keys'
import { decodeQueryState, encodeQueryState, queryLink, type QueryState } from '../../src/lib/query-url'
import { baseName, countInstances, countKinds, filterGroups, orderAlerts, orderRules, type AlertInstance, type Rule, type RuleGroup } from '../../src/lib/rules'
import { safeUrl } from '../../src/lib/safe-url'
import { statusRows } from '../../src/lib/status'
import { countHealth, groupTargets, type Health, type Target } from '../../src/lib/targets'
import { tellTruth } from '../../src/lib/truth'
import { rowOffsets, visibleRows } from '../../src/lib/window'

const NOW = Date.UTC(2026, 10, 21, 14, 39, 47)
const decode = (text: string): QueryState => decodeQueryState(new URLSearchParams(text), NOW)

describe('query URLs', () => {
  it('starts with one empty graph of the last hour', () => {
    expect(decode('')).toEqual({
      panels: [{ expr: '', tab: 'graph', stacked: false, hidden: [] }],
      range: { from: 'now-1h', to: 'now' },
      step: '',
      refresh: 0,
    })
  })
  it.each([
    ['g0.expr=up&g0.tab=0&g0.range_input=1h', 'graph', { from: 'now-1h', to: 'now' }],
    ['g0.expr=up&g0.tab=1', 'table', { from: 'now-1h', to: 'now' }],
    ['g0.expr=up&g0.tab=table&g0.range_input=2d', 'table', { from: 'now-2d', to: 'now' }],
    ['g0.expr=up&g0.range_input=1h&g0.end_input=2026-11-21 12:00:00', 'graph', { from: '2026-11-21 11:00:00Z', to: '2026-11-21 12:00:00Z' }],
    ['g0.expr=up&from=now-1d/d&to=now-1d/d', 'graph', { from: 'now-1d/d', to: 'now-1d/d' }],
  ])('reads %s', (text, tab, range) => {
    const state = decode(text)
    expect(state.panels[0]).toMatchObject({ expr: 'up', tab })
    expect(state.range).toEqual(range)
  })
  it.each<QueryState>([
    { panels: [{ expr: 'up', tab: 'graph', stacked: false, hidden: [] }], range: { from: 'now-6h', to: 'now' }, step: '', refresh: 0 },
    {
      panels: [
        { expr: 'sum(rate(a{b="c&d"}[5m]))', tab: 'graph', stacked: true, hidden: ['abc', 'def'] },
        { expr: '', tab: 'table', stacked: false, hidden: [] },
      ],
      range: { from: '2026-11-21 11:00:00Z', to: '2026-11-21 12:00:00Z' },
      step: '15s',
      refresh: 10,
    },
    { panels: [{ expr: 'x', tab: 'table', stacked: false, hidden: [] }], range: { from: 'now/d', to: 'now' }, step: '1m', refresh: 0 },
    { panels: [{ expr: 'x', tab: 'graph', stacked: false, hidden: [] }], range: { from: '2026-11-21 11:00:00', to: '2026-11-21 12:00:00' }, step: '', refresh: 0 },
  ])('round-trips %#', (state) => expect(decode(encodeQueryState(state, NOW).toString())).toEqual(state))
  it('speaks the parameters Prometheus knows', () => {
    expect(queryLink('up')).toBe('./query?g0.expr=up&g0.tab=graph&g0.range_input=1h')
  })
})

const rule = (name: string, state: Rule['state'] | 'recording', extra: Partial<Rule> = {}): Rule =>
  state === 'recording'
    ? { type: 'recording', name, query: `sum(${name})`, health: 'ok', ...extra }
    : { type: 'alerting', name, query: `${name} > 0`, health: 'ok', state: state ?? 'inactive', ...extra }

describe('rules', () => {
  const groups: RuleGroup[] = [
    { name: 'g1', file: '/etc/a.yml', interval: 15, rules: [rule('Calm', 'inactive'), rule('Hot', 'firing', { labels: { severity: 'critical' } })] },
    { name: 'g2', file: '/etc/b.yml', interval: 15, rules: [rule('job:x', 'recording'), rule('Soon', 'pending')] },
  ]
  it('counts kinds', () => expect(countKinds(groups)).toEqual({ firing: 1, pending: 1, inactive: 1, recording: 1 }))
  it('orders worst first', () => expect(orderRules(groups[0]!.rules).map((r) => r.name)).toEqual(['Hot', 'Calm']))
  it.each([
    [['firing'], '', ['Hot']],
    [['firing', 'pending', 'inactive', 'recording'], 'severity=crit', ['Hot']],
    [['firing', 'pending', 'inactive', 'recording'], 'b.yml soon', ['Soon']],
    [['inactive'], 'hot', []],
  ] as const)('filters %j %j', (kinds, text, names) => {
    expect(filterGroups(groups, new Set(kinds), text).flatMap((g) => g.rules.map((r) => r.name))).toEqual(names)
  })
  it('orders alerts by state, severity and age', () => {
    const alert = (name: string, state: AlertInstance['state'], severity: string, activeAt: string): AlertInstance => ({
      labels: { alertname: name, severity },
      annotations: {},
      state,
      activeAt,
      value: '1',
    })
    const alerts = [
      alert('p', 'pending', 'critical', '2026-11-21T14:00:00Z'),
      alert('w', 'firing', 'warning', '2026-11-21T14:00:00Z'),
      alert('old', 'firing', 'critical', '2026-11-21T13:00:00Z'),
      alert('new', 'firing', 'critical', '2026-11-21T14:00:00Z'),
    ]
    expect(orderAlerts(alerts).map((a) => a.labels.alertname)).toEqual(['new', 'old', 'w', 'p'])
    expect(countInstances(alerts)).toEqual({ firing: 3, pending: 1 })
  })
  it('takes the file name off a path', () => expect(baseName('/etc/rules/a.yml')).toBe('a.yml'))
})

describe('targets', () => {
  const target = (pool: string, url: string, health: Health, lastError = ''): Target => ({
    labels: { job: pool, instance: url },
    scrapePool: pool,
    scrapeUrl: `http://${url}/metrics`,
    lastError,
    lastScrape: '',
    lastScrapeDuration: 0,
    health,
  })
  const all = [target('a', 'n10:1', 'up'), target('a', 'n9:1', 'up'), target('b', 'x:1', 'up'), target('b', 'y:1', 'down', 'refused')]
  const every = new Set<Health>(['up', 'down', 'unknown'])
  it('puts pools and targets in trouble first', () => {
    const pools = groupTargets(all, every, '')
    expect(pools.map((p) => [p.name, p.up, p.total])).toEqual([['b', 1, 2], ['a', 2, 2]])
    expect(pools[0]!.targets[0]!.health).toBe('down')
    expect(pools[1]!.targets.map((t) => t.labels.instance)).toEqual(['n9:1', 'n10:1'])
  })
  it.each([
    ['refused', '', ['y:1']],
    ['job=a n10', '', ['n10:1']],
    ['', 'a', ['n9:1', 'n10:1']],
    ['nothing', '', []],
  ])('filters by %j in pool %j', (text, pool, instances) => {
    expect(groupTargets(all, every, text, pool).flatMap((p) => p.targets.map((t) => t.labels.instance))).toEqual(instances)
  })
  it('counts health', () => expect(countHealth(all)).toEqual({ up: 3, down: 1, unknown: 0 }))
})

describe('visibleRows', () => {
  const offsets = rowOffsets([40, 40, 100, 40])
  it.each([
    [0, 50, { first: 0, end: 2 }],
    [41, 60, { first: 1, end: 2 }],
    [85, 500, { first: 2, end: 4 }],
    [900, 950, { first: 4, end: 4 }],
  ])('%d..%d', (top, bottom, rows) => expect(visibleRows(offsets, top, bottom)).toEqual(rows))
  it('handles no rows', () => expect(visibleRows(rowOffsets([]), 0, 100)).toEqual({ first: 0, end: 0 }))
})

describe('pressKey', () => {
  const press = (keys: string, gapMs = 100) => {
    let state: KeyState = { goAtMs: 0 }
    let action
    ;[...keys].forEach((key, i) => ({ state, action } = { action: undefined, ...pressKey(state, key, 1000 + i * gapMs) }))
    return action
  }
  it.each([
    ['gq', { kind: 'go', page: 'query' }],
    ['gh', { kind: 'go', page: 'home' }],
    ['ggs', { kind: 'go', page: 'status' }],
    ['gx', undefined],
    ['q', undefined],
    ['/', { kind: 'search' }],
    ['?', { kind: 'help' }],
  ])('%s', (keys, action) => expect(press(keys)).toEqual(action))
  it('forgets a slow sequence', () => expect(press('gq', 2000)).toBeUndefined())
})

describe('tellTruth', () => {
  it.each([
    [{ firing: 2, pending: 1, targetsUp: 16, targets: 17, ready: true }, 'bad', '2 alerts firing, 1 pending', '16 of 17 targets up. vigil is ready.'],
    [{ firing: 0, pending: 0, targetsUp: 17, targets: 17, ready: true }, 'good', 'All quiet', 'All 17 targets are up. vigil is ready.'],
    [{ firing: 0, pending: 0, targetsUp: 1, targets: 1, ready: undefined }, 'good', 'All quiet', 'The target is up.'],
    [{ firing: 0, pending: 2, targetsUp: 3, targets: 3, ready: true }, 'warn', 'No alert firing, 2 pending', 'All 3 targets are up. vigil is ready.'],
    [{ firing: 0, pending: 0, targetsUp: 2, targets: 3, ready: true }, 'bad', '1 target down, no alert firing', '2 of 3 targets up. vigil is ready.'],
    [{ firing: 0, pending: 0, targetsUp: 0, targets: 0, ready: false }, 'warn', 'No alert firing', 'Nothing is scraped yet. vigil is not ready yet.'],
  ])('%j', (facts, tone, headline, details) => expect(tellTruth(facts)).toEqual({ tone, headline, details }))
})

describe('statusRows', () => {
  it.each([
    ['startTime', '2026-11-21T10:39:47Z', { title: 'Started', text: '4 h ago', exact: '2026-11-21T10:39:47Z' }],
    ['numSeries', 15212, { title: 'Series in memory', text: '15\u202f212' }],
    ['reloadConfigSuccess', true, { title: 'Last reload succeeded', text: 'Yes' }],
    ['maxTime', NOW - 5000, { title: 'Newest sample', text: '5 s ago', exact: '2026-11-21T14:39:42.000Z' }],
    ['walSizeBytes', '12', { title: 'Wal size bytes', text: '12' }],
  ])('%s', (key, value, row) => expect(statusRows({ [key]: value }, NOW)).toEqual([row]))
  it.each([['goVersion', ''], ['goroutineCount', 0], ['minTime', 9223372036854775807]])('leaves out %s %j', (key, value) =>
    expect(statusRows({ [key]: value }, NOW)).toEqual([]),
  )
})

describe('safeUrl', () => {
  it.each([
    ['https://example.org/a?b', 'https://example.org/a?b'],
    ['http://localhost:9090', 'http://localhost:9090'],
    ['javascript:alert(1)', undefined],
    ['data:text/html,x', undefined],
    ['see https://example.org', undefined],
    [undefined, undefined],
  ])('%s', (text, url) => expect(safeUrl(text)).toBe(url))
})
