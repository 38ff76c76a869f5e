// The API's non-query answers for the simulated cluster: rules, alerts, targets, metadata, status.

import { TARGETS, isUp, metricKinds } from './mock-data.mjs'

const START = Date.now()
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString()
const since = (seconds) => new Date(START - seconds * 1000).toISOString()

const alerting = (name, severity, duration, query, summary, alerts = []) => {
  const labels = { severity, stack: 'mpc' }
  const runbook = `/runbooks/mpc/${name}`
  const annotations = { summary, runbook_url: `{{ $externalURL }}${runbook}`, dashboard_url: '/d/mpc-cluster-overview' }
  return {
    type: 'alerting',
    name,
    query,
    duration,
    keepFiringFor: 0,
    labels,
    annotations,
    health: 'ok',
    evaluationTime: 0.0004 + (name.length % 7) / 9000,
    lastEvaluation: ago(3),
    state: alerts.some((a) => a.state === 'firing') ? 'firing' : alerts.length > 0 ? 'pending' : 'inactive',
    alerts: alerts.map((a) => ({
      labels: { alertname: name, ...labels, ...a.labels },
      annotations: { ...annotations, summary: a.summary ?? summary, runbook_url: `http://vigil.example:9090${runbook}` },
      state: a.state,
      activeAt: since(a.age),
      value: a.value,
    })),
  }
}

const recording = (name, query) => ({ type: 'recording', name, query, health: 'ok', evaluationTime: 0.0011, lastEvaluation: ago(4), labels: { stack: 'mpc' } })

export function alertsAndRules(empty) {
  if (empty) return { alerts: [], groups: [] }
  const group = (name, file, rules) => ({ name, file: `/etc/vigil/packs/mpc/rules/${file}`, interval: 15, limit: 0, rules, evaluationTime: 0.0062, lastEvaluation: ago(3) })
  const node4 = { instance: 'mpc-node-4:8080', job: 'mpc-nodes' }
  const groups = [
    group('mpc-critical', 'mpc-alerts.yml', [
      alerting('MPCNodeDown', 'critical', 60, 'up{stack="mpc",job="mpc-nodes"} == 0', 'A signer cannot be reached', [
        { state: 'firing', age: 655, value: '0e+00', labels: node4, summary: 'Signer mpc-node-4:8080 has been unreachable for more than a minute' },
      ]),
      alerting('MPCClusterDegraded', 'critical', 60, 'sum(up{stack="mpc",job="mpc-nodes"}) < 4', 'Fewer than 4 signers: nothing can be signed'),
      alerting('ByzantineViolationDetected', 'critical', 0, 'sum by (type, node_id) (increase(mpc_byzantine_violations_total[5m])) > 0', 'A node broke the protocol', [
        { state: 'firing', age: 590, value: '1.5e+01', labels: { type: 'timeout', node_id: '1' }, summary: 'Node 1 reports 15 violations of type timeout in 5 minutes' },
        { state: 'firing', age: 575, value: '1.4e+01', labels: { type: 'timeout', node_id: '3' }, summary: 'Node 3 reports 14 violations of type timeout in 5 minutes' },
      ]),
      alerting('ByzantineDoubleVoteDetected', 'critical', 0, 'sum by (node_id) (increase(mpc_byzantine_violations_total{type="double_vote"}[5m])) > 0', 'A node voted twice'),
      alerting('PresignaturePoolDepleted', 'critical', 0, 'mpc_presignature_pool_size == 0', 'No presignatures left'),
      alerting('EtcdNoLeader', 'critical', 60, 'etcd_server_has_leader{stack="mpc"} == 0', 'etcd has no leader'),
      alerting('PostgresDown', 'critical', 60, 'pg_up{stack="mpc"} == 0 or up{stack="mpc",job="postgres"} == 0', 'The wallet database is unreachable'),
      alerting('NoPeerConnectivity', 'critical', 60, 'mpc_connected_peers == 0', 'A node has no peers'),
    ]),
    group('mpc-warning', 'mpc-alerts.yml', [
      alerting('HighTransactionFailureRate', 'warning', 300, 'sum(rate(mpc_transactions_total{state="failed"}[5m])) / sum(rate(mpc_transactions_total{state=~"approved|rejected|failed"}[5m])) > 0.1', 'More than 10 % of transactions fail'),
      alerting('LowPresignaturePool', 'warning', 300, 'mpc_presignature_pool_size < 10', 'Presignatures run low', [
        { state: 'pending', age: 140, value: '6e+00', labels: { node_id: '2', protocol: 'cggmp24', instance: 'mpc-node-2:8080', job: 'mpc-nodes' }, summary: 'Node 2 has 6 cggmp24 presignatures left' },
      ]),
      alerting('SlowSignatureGeneration', 'warning', 300, 'histogram_quantile(0.95, sum by (le, protocol) (rate(mpc_signature_duration_seconds_bucket[5m]))) > 10', 'Signing takes longer than 10 s'),
      alerting('MPCNodeHighMemoryUsage', 'warning', 300, 'container_memory_usage_bytes{stack="mpc",name=~"mpc-node-.+"} / (container_spec_memory_limit_bytes{stack="mpc",name=~"mpc-node-.+"} > 0) > 0.85', 'A signer uses more than 85 % of its memory'),
      alerting('MPCNodeHighCPUUsage', 'warning', 600, 'sum by (name) (rate(container_cpu_usage_seconds_total{stack="mpc",name=~"mpc-node-.+"}[5m])) > 0.9', 'A signer uses more than 90 % of a core'),
    ]),
    group('mpc-recording', 'mpc-recording.yml', [
      recording('mpc:signatures:rate5m', 'sum by (protocol, result) (rate(mpc_signatures_total[5m]))'),
      recording('mpc:transactions:rate5m', 'sum by (state) (rate(mpc_transactions_total[5m]))'),
      { ...recording('mpc:signature_duration_seconds:p95', 'histogram_quantile(0.95, sum by (le, protocol) (rate(mpc_signature_duration_seconds_bucket[5m])))'), health: 'err', lastError: 'vector contains metrics with the same labelset after applying rule labels' },
    ]),
  ]
  return { groups, alerts: groups.flatMap((g) => g.rules.flatMap((r) => r.alerts ?? [])) }
}

const RUNBOOK = `# MPCNodeDown

**Meaning.** A node has not answered for a minute; no <b>tag</b> of this text is HTML.

## Diagnosis

- \`up{stack="mpc",job="mpc-nodes"} == 0\`: which. Then \`mpc_connected_peers\` of the others, and \`systemctl status mpc-node\`.
- When MPCClusterDegraded fires too, nothing is signed.

## Causes

1. The process ended.
2. The network is cut: see [its runbook](NoPeerConnectivity.md).

| fault | metric |
| --- | --- |
| down | \`up\` |

\`\`\`promql
sum by (node_id) (rate(mpc_votes_total[5m]))
\`\`\`
`

export const runbooks = (empty) =>
  empty ? [] : ['MPCClusterDegraded', 'MPCNodeDown', 'NoPeerConnectivity'].map((name) => ({ pack: 'mpc', name, markdown: RUNBOOK.replace('MPCNodeDown', name) }))

function target(labels, index) {
  const up = isUp(labels, Date.now() / 1000)
  return {
    discoveredLabels: {
      __address__: labels.instance,
      __metrics_path__: '/metrics',
      __scheme__: 'http',
      __scrape_interval__: '10s',
      __scrape_timeout__: '5s',
      __meta_filepath: '/etc/vigil/targets/mpc.json',
      job: labels.job,
    },
    labels,
    scrapePool: labels.job,
    scrapeUrl: `http://${labels.instance}/metrics`,
    globalUrl: `http://${labels.instance}/metrics`,
    lastError: up ? '' : `Get "http://${labels.instance}/metrics": dial tcp 10.20.0.14:8080: connect: connection refused`,
    lastScrape: ago(1 + ((index * 7) % 9)),
    lastScrapeDuration: 0.004 + ((index * 13) % 29) / 1000,
    health: up ? 'up' : 'down',
    scrapeInterval: '10s',
    scrapeTimeout: '5s',
  }
}

export function targetsPage(empty, extra) {
  if (empty) return { activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }
  const many = Array.from({ length: extra }, (_, i) => ({
    job: `shard-${i % 8}`,
    instance: `worker-${i}.cluster.internal:9100`,
    zone: ['eu-central-1a', 'eu-central-1b', 'us-east-1c'][i % 3],
    version: '1.24.3',
  }))
  const activeTargets = [...TARGETS, ...many].map(target)
  activeTargets.forEach((t, i) => {
    if (i > TARGETS.length && i % 97 === 0) Object.assign(t, { health: 'down', lastError: 'context deadline exceeded' })
    if (i > TARGETS.length && i % 611 === 0) Object.assign(t, { health: 'unknown', lastError: '', lastScrape: '0001-01-01T00:00:00Z', lastScrapeDuration: 0 })
  })
  return { activeTargets, droppedTargets: [], droppedTargetCounts: { 'mpc-nodes': 3 } }
}

export const metadata = () =>
  Object.fromEntries(metricKinds().map(([name, type]) => [name, [{ type, unit: '', help: `Help text of ${name}.` }]]))

const CONFIG = `global:
  scrape_interval: 10s
  scrape_timeout: 5s
  evaluation_interval: 15s
  external_labels:
    cluster: mpc-wallet
rule_files:
- /etc/vigil/packs/mpc/rules/*.yml
alerting:
  alertmanagers:
  - static_configs:
    - targets:
      - 127.0.0.1:9093
scrape_configs:
- job_name: mpc-nodes
  honor_timestamps: true
  metrics_path: /metrics
  file_sd_configs:
  - files:
    - /etc/vigil/targets/mpc.json
    refresh_interval: 5m
  relabel_configs:
  - source_labels: [__meta_filepath]
    regex: .*/(.+)\\.json
    target_label: stack
    replacement: $1
- job_name: postgres
  static_configs:
  - targets:
    - postgres:9187
    labels:
      stack: mpc
`

export const statusPages = () => ({
  'status/buildinfo': { version: '0.1.0', revision: '4f1c2d9ab7e0', branch: 'main', buildUser: '', buildDate: '2026-11-21T09:00:00Z', goVersion: '' },
  'status/runtimeinfo': {
    startTime: since(273_700),
    CWD: '/var/lib/vigil',
    hostname: 'host-a',
    serverTime: ago(0),
    reloadConfigSuccess: true,
    lastConfigTime: since(86_000),
    corruptionCount: 0,
    goroutineCount: 0,
    GOMAXPROCS: 0,
    storageRetention: '15d',
  },
  'status/flags': {
    'config.file': '/etc/vigil/vigil.yml',
    'storage.tsdb.path': '/var/lib/vigil',
    'storage.tsdb.retention.time': '15d',
    'web.listen-address': '0.0.0.0:9090',
    'web.enable-lifecycle': 'true',
    'web.enable-admin-api': 'false',
    'web.enable-remote-write-receiver': 'true',
    'query.timeout': '2m',
    'query.max-samples': '50000000',
    'query.lookback-delta': '5m',
    'log.level': 'info',
    'log.format': 'logfmt',
  },
  'status/config': { yaml: CONFIG },
  'status/tsdb': {
    headStats: { numSeries: 15_212, numLabelPairs: 3_481, chunkCount: 61_930, minTime: START - 7_900_000, maxTime: Date.now() },
    seriesCountByMetricName: [
      ['etcd_request_duration_seconds_bucket', 2180],
      ['mpc_signature_duration_seconds_bucket', 150],
      ['mpc_peer_rtt_seconds_bucket', 55],
      ['container_cpu_usage_seconds_total', 40],
      ['mpc_transactions_total', 20],
    ].map(([name, value]) => ({ name, value })),
    labelValueCountByLabelName: [['__name__', 1204], ['le', 143], ['instance', 13], ['node_id', 5]].map(([name, value]) => ({ name, value })),
    memoryInBytesByLabelName: [['__name__', 48_210], ['le', 9_120], ['instance', 4_403], ['job', 1_870]].map(([name, value]) => ({ name, value })),
    seriesCountByLabelValuePair: [['stack=mpc', 14_478], ['job=etcd', 4_440], ['job=node', 3_620], ['job=mpc-nodes', 3_060]].map(([name, value]) => ({ name, value })),
  },
})
