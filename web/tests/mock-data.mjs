// Simulated series, and just enough PromQL to query them: selectors, aggregations, rate-like functions,
// histogram_quantile, arithmetic and comparisons. Rates are generated directly; counters are their integral.

const START = Date.now() / 1000
const NODE4_DOWN = START - 11 * 60

/** Smooth noise in -1..1: the same for the same seed and time, so that refreshes agree with each other. */
function noise(seed, t, periodS) {
  const at = t / periodS
  const i = Math.floor(at)
  const f = at - i
  const ease = f * f * (3 - 2 * f)
  const h = (n) => {
    let x = Math.imul(n ^ seed, 0x9e3779b1)
    x = Math.imul(x ^ (x >>> 15), 0x85ebca6b)
    return ((x ^ (x >>> 13)) >>> 0) / 2147483648 - 1
  }
  return h(i) * (1 - ease) + h(i + 1) * ease
}

const seedOf = (text) => [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 0x01000193), 0x811c9dc5)

/** A value around `base` with slow and fast movement of relative size `swing`. */
const around = (base, swing) => (seed, t) => base * (1 + swing * (0.6 * noise(seed, t, 1700) + 0.3 * noise(seed + 7, t, 240) + 0.1 * noise(seed + 13, t, 31)))

const nodes = ['1', '2', '3', '4', '5']
const onNodes = (labels = [{}]) =>
  nodes.flatMap((n) => labels.map((l) => ({ ...l, node_id: n, instance: `mpc-node-${n}:8080`, job: 'mpc-nodes', stack: 'mpc' })))
const each = (name, values) => values.map((v) => ({ [name]: v }))
const cross = (a, b) => a.flatMap((x) => b.map((y) => ({ ...x, ...y })))
const containers = nodes.map((n) => ({ name: `mpc-node-${n}`, job: 'cadvisor', instance: 'host-a:8081', stack: 'mpc' }))

export const TARGETS = [
  ...nodes.map((n) => ({ job: 'mpc-nodes', instance: `mpc-node-${n}:8080`, stack: 'mpc' })),
  ...['1', '2', '3'].map((n) => ({ job: 'etcd', instance: `etcd-${n}:2379`, stack: 'mpc' })),
  { job: 'postgres', instance: 'postgres:9187', stack: 'mpc' },
  { job: 'cadvisor', instance: 'host-a:8081', stack: 'mpc' },
  ...['a', 'b'].map((n) => ({ job: 'node', instance: `host-${n}:9100`, stack: 'mpc' })),
  { job: 'vigil', instance: '127.0.0.1:9090' },
]

export const isUp = (labels, t) => !(labels.instance === 'mpc-node-4:8080' && t > NODE4_DOWN)

const gauge = (sets, f) => ({ sets, f, counter: false })
const counter = (sets, f) => ({ sets, f, counter: true })
const protocols = each('protocol', ['cggmp24', 'frost'])

const METRICS = {
  up: gauge(TARGETS, (seed, t, l) => (isUp(l, t) ? 1 : 0)),
  scrape_duration_seconds: gauge(TARGETS, around(0.012, 0.9)),
  scrape_samples_scraped: gauge(TARGETS, (s, t, l) => (isUp(l, t) ? { 'mpc-nodes': 612, etcd: 1480, postgres: 903, cadvisor: 1204, node: 1810, vigil: 734 }[l.job] : 0)),
  scrape_samples_post_metric_relabeling: gauge(TARGETS, (s, t, l) => ({ 'mpc-nodes': 612, etcd: 1480, postgres: 903, cadvisor: 1204, node: 1810, vigil: 734 })[l.job]),
  vigil_tsdb_head_samples_appended_total: counter([{ job: 'vigil', instance: '127.0.0.1:9090' }], around(1240, 0.08)),
  vigil_tsdb_head_series: gauge([{ job: 'vigil', instance: '127.0.0.1:9090' }], (s, t) => Math.round(15_060 + 240 * noise(s, t, 900))),
  process_resident_memory_bytes: gauge([{ job: 'vigil', instance: '127.0.0.1:9090' }], around(118 * 2 ** 20, 0.12)),
  mpc_transactions_total: counter(onNodes(each('state', ['pending', 'approved', 'rejected', 'failed'])), (s, t, l) => around({ pending: 4.2, approved: 3.9, rejected: 0.18, failed: t > NODE4_DOWN ? 0.22 : 0.04 }[l.state], 0.5)(s, t)),
  mpc_votes_total: counter(onNodes(each('result', ['approve', 'reject'])), (s, t, l) => (isUp(l, t) ? around(l.result === 'approve' ? 16 : 0.7, 0.35)(s, t) : 0)),
  mpc_byzantine_violations_total: counter(onNodes(each('type', ['double_vote', 'invalid_signature', 'timeout'])), (s, t, l) => (l.type === 'timeout' && t > NODE4_DOWN && l.node_id !== '4' ? 0.05 : 0)),
  mpc_signatures_total: counter(onNodes(cross(protocols, each('result', ['success', 'failure']))), (s, t, l) => around((l.protocol === 'frost' ? 2.4 : 1.3) * (l.result === 'success' ? 1 : 0.02), 0.4)(s, t)),
  mpc_network_errors_total: counter(onNodes(each('error_type', ['connection', 'timeout', 'handshake'])), (s, t, l) => (t > NODE4_DOWN ? { connection: 0.8, timeout: 0.3, handshake: 0 }[l.error_type] * around(1, 0.4)(s, t) : 0.002)),
  mpc_active_nodes: gauge([{ cluster: 'mpc-wallet', job: 'mpc-nodes', instance: 'mpc-node-1:8080', stack: 'mpc' }], (s, t) => (t > NODE4_DOWN ? 4 : 5)),
  mpc_consensus_threshold: gauge([{ cluster: 'mpc-wallet', job: 'mpc-nodes', instance: 'mpc-node-1:8080', stack: 'mpc' }], () => 4),
  mpc_presignature_pool_size: gauge(onNodes(protocols), (s, t, l) => Math.max(0, Math.round(around(l.protocol === 'frost' ? 420 : 96, 0.5)(s, t) - (l.node_id === '2' && l.protocol === 'cggmp24' ? 90 : 0)))),
  mpc_connected_peers: gauge(onNodes(), (s, t, l) => (isUp(l, t) ? (t > NODE4_DOWN ? 3 : 4) : undefined)),
  mpc_transaction_queue_size: gauge(onNodes(), (s, t) => Math.max(0, Math.round(around(t > NODE4_DOWN ? 34 : 9, 0.9)(s, t)))),
  mpc_signature_duration_seconds: { sets: onNodes(protocols), q: { cggmp24: 1.9, frost: 0.42 }, histogram: true },
  mpc_vote_processing_duration_seconds: { sets: onNodes(), q: { '': 0.0041 }, histogram: true },
  mpc_consensus_round_duration_seconds: { sets: onNodes(), q: { '': 0.38 }, histogram: true },
  container_cpu_usage_seconds_total: counter(containers, around(0.34, 0.5)),
  container_memory_usage_bytes: gauge(containers, around(612 * 2 ** 20, 0.22)),
  container_spec_memory_limit_bytes: gauge(containers, () => 2 ** 30),
  container_network_receive_bytes_total: counter(containers, around(1.8e6, 0.5)),
  container_network_transmit_bytes_total: counter(containers, around(2.3e6, 0.5)),
  etcd_server_has_leader: gauge(TARGETS.filter((t) => t.job === 'etcd'), () => 1),
  pg_up: gauge(TARGETS.filter((t) => t.job === 'postgres'), () => 1),
  pg_stat_activity_count: gauge(cross(each('datname', ['wallet', 'audit']), each('state', ['active', 'idle'])).map((l) => ({ ...l, job: 'postgres', instance: 'postgres:9187' })), (s, t) => Math.round(around(14, 0.5)(s, t))),
}

export const seriesNames = () =>
  Object.entries(METRICS).flatMap(([n, m]) => (m.histogram ? [`${n}_bucket`, `${n}_count`, `${n}_sum`] : [n])).sort()

export const allSeries = () => Object.entries(METRICS).flatMap(([n, m]) => m.sets.map((s) => ({ __name__: m.histogram ? `${n}_bucket` : n, ...s })))

export const metricKinds = () => Object.entries(METRICS).map(([name, m]) => [name, m.histogram ? 'histogram' : m.counter ? 'counter' : 'gauge'])

export class ParseError extends Error {}

const TOKEN = /\s*(?:#[^\n]*\n\s*)*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![a-z])|("(?:\\.|[^"])*")|([a-zA-Z_:][\w:]*)|(\[[^\]]*\])|(>=|<=|==|!=|=~|!~|[-+*/%^(){},=<>]))/y

function tokenize(text) {
  const tokens = []
  TOKEN.lastIndex = 0
  let at = 0
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at
    const m = TOKEN.exec(text)
    const place = (i) => `${text.slice(0, i).split('\n').length}:${i - text.lastIndexOf('\n', i - 1)}`
    const next = at + text.slice(at).search(/\S/)
    if (!m) throw new ParseError(`${place(next)}: parse error: unexpected character: '${text[next]}'`)
    const kind = ['number', 'string', 'name', 'range', 'op'].find((_, i) => m[i + 1] !== undefined)
    const value = m[0].trim()
    tokens.push({ kind, value, place: place(TOKEN.lastIndex - value.length) })
    at = TOKEN.lastIndex
  }
  tokens.push({ kind: 'end', value: 'end of input', place: `${text.split('\n').length}:${text.length - text.lastIndexOf('\n')}` })
  return tokens
}

const AGGREGATIONS = {
  sum: (v) => v.reduce((a, b) => a + b, 0),
  avg: (v) => v.reduce((a, b) => a + b, 0) / v.length,
  min: (v) => Math.min(...v),
  max: (v) => Math.max(...v),
  count: (v) => v.length,
}
const RANK = { or: 1, and: 2, '==': 3, '!=': 3, '>': 3, '<': 3, '>=': 3, '<=': 3, '+': 4, '-': 4, '*': 5, '/': 5, '%': 5 }

export function evaluate(text, t) {
  const tokens = tokenize(text)
  let at = 0
  const peek = () => tokens[at]
  const fail = (what = `unexpected ${peek().kind === 'end' ? 'end of input' : `<${peek().kind}: ${peek().value}>`}`) => {
    throw new ParseError(`${peek().place}: parse error: ${what}`)
  }
  const take = (value) => (peek().value === value && peek().kind !== 'string' ? tokens[at++] : undefined)
  const expect = (value) => take(value) ?? fail(value === ')' && peek().kind === 'end' ? 'unclosed left parenthesis' : undefined)

  function labelList() {
    const out = []
    expect('(')
    while (!take(')')) {
      if (peek().kind !== 'name') fail()
      out.push(tokens[at++].value)
      take(',')
    }
    return out
  }

  function selector(name) {
    const matchers = []
    if (take('{')) {
      while (!take('}')) {
        const label = peek().kind === 'name' ? tokens[at++].value : fail()
        const op = ['=', '!=', '=~', '!~'].includes(peek().value) ? tokens[at++].value : fail()
        const value = peek().kind === 'string' ? JSON.parse(tokens[at++].value) : fail()
        const re = new RegExp(`^(?:${value})$`)
        matchers.push((l) => {
          const v = l[label] ?? ''
          return op === '=' ? v === value : op === '!=' ? v !== value : re.test(v) === (op === '=~')
        })
        if (!take(',') && peek().value !== '}') fail()
      }
    }
    const ranged = peek().kind === 'range' ? Boolean(tokens[at++]) : false
    const out = []
    for (const [full, m] of Object.entries(METRICS)) {
      for (const set of m.sets) {
        const names = m.histogram ? [`${full}_bucket`, `${full}_count`, `${full}_sum`] : [full]
        for (const n of names) {
          const labels = { __name__: n, ...set }
          if (name && n !== name) continue
          if (!matchers.every((f) => f(labels))) continue
          const seed = seedOf(JSON.stringify(labels))
          const rate = m.histogram ? 3 : m.f(seed, t, set)
          if (rate === undefined) continue
          const value = (m.counter || m.histogram) && !ranged ? Math.round(rate * (t - START + 400_000)) : rate
          out.push({ labels, value, seed, base: m.q && (m.q[set.protocol ?? ''] ?? 1) })
        }
      }
    }
    return out
  }

  function aggregate(fn) {
    let by
    if (take('by')) by = labelList()
    expect('(')
    const input = binary(0)
    expect(')')
    if (!by && take('by')) by = labelList()
    const groups = new Map()
    for (const s of input) {
      const labels = Object.fromEntries((by ?? []).filter((k) => s.labels[k] !== undefined).map((k) => [k, s.labels[k]]))
      const key = JSON.stringify(labels)
      if (!groups.has(key)) groups.set(key, { labels, values: [], base: s.base, seed: seedOf(key) })
      groups.get(key).values.push(s.value)
    }
    return [...groups.values()].map((g) => ({ labels: g.labels, value: AGGREGATIONS[fn](g.values), base: g.base, seed: g.seed }))
  }

  function call(fn) {
    expect('(')
    const args = []
    while (!take(')')) {
      args.push(binary(0))
      if (!take(',') && peek().value !== ')') expect(')')
    }
    if (fn === 'vector') return [{ labels: {}, value: args[0] }]
    if (fn === 'time') return t
    if (fn === 'histogram_quantile') {
      const tail = 1 + 2.4 * args[0] ** 3
      return args[1].map((s) => ({ labels: s.labels, value: around((s.base ?? 1) * tail * 0.55, 0.35 + args[0] * 0.2)(s.seed + Math.round(args[0] * 100), t) }))
    }
    const spread = fn === 'increase' ? 300 : fn === 'sum_over_time' ? 4 : 1
    return args.at(-1).map(({ labels: { __name__, ...labels }, ...s }) => ({ ...s, labels, value: s.value * spread }))
  }

  function primary() {
    if (take('-')) return negate(primary())
    if (peek().kind === 'number') return Number(tokens[at++].value)
    if (take('(')) {
      const inner = binary(0)
      expect(')')
      return inner
    }
    if (peek().value === '{') return selector('')
    if (peek().kind !== 'name') fail()
    const name = tokens[at++].value
    if (name in AGGREGATIONS && ['(', 'by'].includes(peek().value)) return aggregate(name)
    if (peek().value === '(') return call(name)
    return selector(name)
  }

  const negate = (v) => (typeof v === 'number' ? -v : v.map((s) => ({ ...s, value: -s.value })))

  function binary(least) {
    let left = primary()
    while (RANK[peek().value] > least && peek().kind !== 'string') {
      const op = tokens[at++].value
      left = combine(op, left, binary(RANK[op]))
    }
    return left
  }

  const result = binary(0)
  if (peek().kind !== 'end') fail()
  return typeof result === 'number' ? result : result.map(({ labels, value }) => ({ labels, value }))
}

function combine(op, a, b) {
  const math = { '+': (x, y) => x + y, '-': (x, y) => x - y, '*': (x, y) => x * y, '/': (x, y) => x / y, '%': (x, y) => x % y }[op]
  const test = { '>': (x, y) => x > y, '<': (x, y) => x < y, '>=': (x, y) => x >= y, '<=': (x, y) => x <= y, '==': (x, y) => x === y, '!=': (x, y) => x !== y }[op]
  const one = (x, y, s) => (math ? { ...s, value: math(x, y) } : test(x, y) ? s : undefined)
  if (op === 'or') return a.length > 0 ? a : b
  if (typeof a === 'number' && typeof b === 'number') return math ? math(a, b) : Number(test(a, b))
  if (typeof b === 'number') return a.map((s) => one(s.value, b, s)).filter(Boolean)
  if (typeof a === 'number') return b.map((s) => one(a, s.value, s)).filter(Boolean)
  const key = ({ labels: { __name__, ...rest } }) => JSON.stringify(rest)
  const right = new Map(b.map((s) => [key(s), s.value]))
  const strip = (s) => ({ ...s, labels: Object.fromEntries(Object.entries(s.labels).filter(([k]) => k !== '__name__')) })
  if (op === 'and') return a.filter((s) => right.has(key(s)))
  return a.filter((s) => right.has(key(s))).map((s) => one(s.value, right.get(key(s)), math ? strip(s) : s)).filter(Boolean)
}
