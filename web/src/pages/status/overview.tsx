// Build, runtime and storage at a glance; the lists show which names cost most.

import { get } from '../../api/client'
import type { NameCount, TsdbStatus } from '../../api/types'
import { formatCount, formatValue } from '../../lib/format'
import { statusRows } from '../../lib/status'
import { now } from '../../state/now'
import { usePolled, type Polled } from '../../state/poll'
import { Empty, ErrorBox, Skeleton } from '../../ui/notices'

type Facts = Record<string, unknown>

export function Overview() {
  const build = usePolled((signal) => get<Facts>('status/buildinfo', {}, signal))
  const runtime = usePolled((signal) => get<Facts>('status/runtimeinfo', {}, signal))
  const tsdb = usePolled((signal) => get<TsdbStatus>('status/tsdb', {}, signal))
  return (
    <>
      <div class="status-cards">
        <FactCard title="Build" polled={build} facts={build.data} />
        <FactCard title="Runtime" polled={runtime} facts={runtime.data} />
        <FactCard title="Storage" polled={tsdb} facts={tsdb.data?.headStats} />
      </div>
      {tsdb.data ? (
        <div class="status-cards lists">
          <TopList title="Series by metric" rows={tsdb.data.seriesCountByMetricName} />
          <TopList title="Values by label" rows={tsdb.data.labelValueCountByLabelName} />
          <TopList title="Series by label pair" rows={tsdb.data.seriesCountByLabelValuePair} />
          <TopList title="Memory by label" rows={tsdb.data.memoryInBytesByLabelName} bytes />
        </div>
      ) : null}
      <p class="muted small">
        This page is built from open-source parts: <a href="./licenses.md">libraries</a>, <a href="./lucide-license.txt">icons</a>.
      </p>
    </>
  )
}

function FactCard({ title, polled, facts }: { title: string; polled: Polled<unknown>; facts: Facts | undefined }) {
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
      </div>
      {polled.error && !facts ? <ErrorBox error={polled.error} /> : null}
      {facts ? (
        <dl class="facts">
          {statusRows(facts, now.value).map((row) => (
            <div key={row.title}>
              <dt>{row.title}</dt>
              <dd class="num" title={row.exact}>
                {row.text}
              </dd>
            </div>
          ))}
        </dl>
      ) : polled.error ? null : (
        <Skeleton rows={4} />
      )}
    </section>
  )
}

function TopList({ title, rows = [], bytes }: { title: string; rows: NameCount[] | undefined; bytes?: boolean }) {
  const most = Math.max(1, ...rows.map((r) => r.value))
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
      </div>
      {rows.length === 0 ? (
        <Empty title="Nothing stored yet" />
      ) : (
        <ol class="top-list">
          {rows.map((r) => (
            <li key={r.name}>
              <span class="mono top-name" title={r.name}>
                {r.name}
              </span>
              <span class="num">{bytes ? formatValue(r.value, 'bytes', 3) : formatCount(r.value)}</span>
              <span class="bar" style={{ width: `${(100 * r.value) / most}%` }} />
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
