// Active alerts, worst first.

import { orderAlerts, type AlertInstance } from '../../lib/rules'
import { safeUrl } from '../../lib/safe-url'
import { LabelChips } from '../../ui/labels'
import { Empty, Skeleton } from '../../ui/notices'
import { Severity, StateBadge } from '../../ui/state-badge'
import { Ago } from '../../ui/time'

const SHOWN = 8

export function AlertList({ alerts }: { alerts: AlertInstance[] | undefined }) {
  const ordered = orderAlerts(alerts ?? [])
  return (
    <section class="card" aria-labelledby="home-alerts">
      <div class="card-head">
        <h2 id="home-alerts">Active alerts</h2>
        {alerts ? <span class="count">{alerts.length}</span> : null}
        <span class="spacer" />
        <a href="./alerts">All rules</a>
      </div>
      {!alerts ? (
        <Skeleton rows={4} />
      ) : ordered.length === 0 ? (
        <Empty title="No alert is active.">
          <p>Firing and pending alerts appear here within seconds.</p>
        </Empty>
      ) : (
        <ul class="alert-list">
          {ordered.slice(0, SHOWN).map((a) => (
            <AlertRow key={JSON.stringify(a.labels)} alert={a} />
          ))}
          {ordered.length > SHOWN ? (
            <li class="more">
              <a href="./alerts?state=firing,pending">{ordered.length - SHOWN} more</a>
            </li>
          ) : null}
        </ul>
      )}
    </section>
  )
}

function AlertRow({ alert }: { alert: AlertInstance }) {
  const { alertname = '(no name)', severity } = alert.labels
  const summary = alert.annotations.summary ?? alert.annotations.description ?? alert.annotations.message
  const runbook = safeUrl(alert.annotations.runbook_url)
  return (
    <li class={`alert-row state-${alert.state}`}>
      <div class="alert-row-head">
        <StateBadge state={alert.state} />
        <a class="alert-name" href={`./alerts?q=${encodeURIComponent(alertname)}`}>
          {alertname}
        </a>
        <Severity value={severity} />
        <span class="spacer" />
        <span class="muted small">
          <Ago time={alert.activeAt} />
        </span>
      </div>
      {summary ? <p class="alert-summary">{summary}</p> : null}
      <p class="alert-foot">
        <LabelChips labels={alert.labels} omit={['alertname', 'severity']} />
        {runbook ? <a href={runbook}>Runbook</a> : null}
      </p>
    </li>
  )
}
