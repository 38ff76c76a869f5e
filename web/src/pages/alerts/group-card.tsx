// One rule group: its rules worst first, each folding open to its details.

import { useState } from 'preact/hooks'
import { annotationLink } from '../../lib/annotation-link'
import { formatDuration } from '../../lib/duration'
import { formatValue, plural } from '../../lib/format'
import { queryLink } from '../../lib/query-url'
import { baseName, orderAlerts, orderRules, ruleKind, type AlertInstance, type Rule, type RuleGroup } from '../../lib/rules'
import { Icon } from '../../ui/icons'
import { LabelChips } from '../../ui/labels'
import { Severity, StateBadge } from '../../ui/state-badge'
import { Ago } from '../../ui/time'

export function GroupCard({ group }: { group: RuleGroup }) {
  return (
    <section class="card group" aria-label={`Group ${group.name}`} data-group={group.name}>
      <div class="card-head">
        <h2>{group.name}</h2>
        <span class="muted small" title={group.file}>
          {baseName(group.file)}
        </span>
        <span class="spacer" />
        <span class="muted small num">
          every {formatDuration(group.interval * 1000)}
          {group.evaluationTime === undefined ? null : <span class="wide-only"> · took {formatValue(group.evaluationTime, 'seconds', 3)}</span>}
          <span class="wide-only">
            {' '}
            · <Ago time={group.lastEvaluation} />
          </span>
        </span>
      </div>
      <ul>
        {orderRules(group.rules).map((rule, i) => (
          <RuleRow key={`${rule.name}\n${rule.query}\n${i}`} rule={rule} />
        ))}
      </ul>
    </section>
  )
}

function RuleRow({ rule }: { rule: Rule }) {
  const kind = ruleKind(rule)
  const broken = rule.health === 'err'
  const [flipped, setFlipped] = useState(false)
  // What fires is open unless closed by hand; what is quiet is closed unless opened.
  const open = (kind === 'firing' || kind === 'pending' || broken) !== flipped
  const alerts = rule.alerts ?? []
  return (
    <li class={`rule state-${kind}`} data-rule={rule.name} data-state={kind}>
      <button type="button" class="rule-head" aria-expanded={open} onClick={() => setFlipped(!flipped)}>
        <Icon name={open ? 'chevronDown' : 'chevronRight'} size={15} />
        <span class="rule-state">
          <StateBadge state={kind} />
        </span>
        <span class="rule-name">{rule.name}</span>
        <Severity value={rule.labels?.severity} calm={kind !== 'firing' && kind !== 'pending'} />
        {broken ? <span class="severity tone-bad">evaluation fails</span> : null}
        <span class="spacer" />
        {alerts.length > 0 ? <span class="num small">{plural(alerts.length, 'instance')}</span> : null}
        {rule.duration ? <span class="muted small num">for {formatDuration(rule.duration * 1000)}</span> : null}
      </button>
      {open ? <RuleDetails rule={rule} alerts={alerts} /> : null}
    </li>
  )
}

function RuleDetails({ rule, alerts }: { rule: Rule; alerts: AlertInstance[] }) {
  const written = rule.annotations?.runbook_url
  const runbook = annotationLink(written, written)
  return (
    <div class="rule-body">
      {rule.lastError ? (
        <p class="rule-error" role="alert">
          {rule.lastError}
        </p>
      ) : null}
      <a class="expr" href={queryLink(rule.query, rule.type === 'recording' ? 'graph' : 'table')} title="Open this expression as a query">
        {rule.query}
      </a>
      <div class="rule-facts">
        <LabelChips labels={rule.labels ?? {}} omit={['severity']} />
        {runbook ? (
          <a class="small" href={runbook.href}>
            Runbook
          </a>
        ) : null}
        {rule.keepFiringFor ? <span class="muted small num">keeps firing for {formatDuration(rule.keepFiringFor * 1000)}</span> : null}
        {rule.lastEvaluation ? (
          <span class="muted small">
            evaluated <Ago time={rule.lastEvaluation} /> in <span class="num">{formatValue(rule.evaluationTime ?? NaN, 'seconds', 3)}</span>
          </span>
        ) : null}
      </div>
      {alerts.length === 0 ? (
        <Annotations annotations={rule.annotations ?? {}} rule={rule} />
      ) : (
        <ul class="instances">
          {orderAlerts(alerts).map((a) => (
            <Instance key={JSON.stringify(a.labels)} alert={a} rule={rule} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Instance({ alert, rule }: { alert: AlertInstance; rule: Rule }) {
  const own = Object.keys(rule.labels ?? {}).filter((k) => rule.labels![k] === alert.labels[k])
  return (
    <li class="instance">
      <div class="instance-head">
        <StateBadge state={alert.state} />
        <LabelChips labels={alert.labels} omit={['alertname', ...own]} />
        <span class="spacer" />
        <span class="small">
          <span class="muted">active since</span> <Ago time={alert.activeAt} />
        </span>
        <span class="small instance-value">
          <span class="muted">value</span> <span class="num mono">{plainNumber(alert.value)}</span>
        </span>
      </div>
      <Annotations annotations={alert.annotations} rule={rule} />
    </li>
  )
}

/** The API spells alert values in exponent form ("1.5e+01"). */
function plainNumber(text: string): string {
  const v = Number(text)
  return text.trim() === '' || Number.isNaN(v) ? text : formatValue(v)
}

function Annotations({ annotations, rule }: { annotations: Record<string, string>; rule: Rule }) {
  const names = Object.keys(annotations)
  if (names.length === 0) return null
  return (
    <dl class="annotations">
      {names.map((name) => {
        const link = annotationLink(annotations[name], rule.annotations?.[name])
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{link ? <a href={link.href}>{link.text}</a> : annotations[name]}</dd>
          </div>
        )
      })}
    </dl>
  )
}
