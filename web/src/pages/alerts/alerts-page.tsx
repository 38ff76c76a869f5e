// Every rule with its state: what fires, what is about to, and what is watched.

import './alerts.css'
import { get } from '../../api/client'
import type { RulesData } from '../../api/types'
import { annotationLink } from '../../lib/annotation-link'
import { RULE_KINDS, countKinds, filterGroups, ruleKind, type RuleGroup, type RuleKind } from '../../lib/rules'
import { page, params, setParams } from '../../state/router'
import { usePolled } from '../../state/poll'
import { SearchBox, StateToggles } from '../../ui/filters'
import { Empty, ErrorBox, Skeleton } from '../../ui/notices'
import { GroupCard } from './group-card'

/** Recording rules have no state to worry about: one click away, not in the way. */
const USUAL: readonly RuleKind[] = ['firing', 'pending', 'inactive']

export function AlertsPage() {
  const rules = usePolled((signal) => get<RulesData>('rules', {}, signal))
  if (page.value !== 'alerts') return null
  const text = params.value.get('q') ?? ''
  const chosen = new Set(params.value.get('state')?.split(',').filter(isKind) ?? USUAL)
  const groups = rules.data?.groups
  const choose = (next: Set<RuleKind>): void => {
    const usual = next.size === USUAL.length && USUAL.every((k) => next.has(k))
    setParams({ state: usual ? '' : RULE_KINDS.filter((k) => next.has(k)).join(',') })
  }
  return (
    <div data-testid="alerts" data-state={groups ? 'ready' : 'loading'}>
      <div class="toolbar">
        <StateToggles legend="Rule states" kinds={RULE_KINDS} counts={groups && countKinds(groups)} chosen={chosen} onChange={choose} />
        <span class="spacer" />
        {groups?.some(hasRunbook) ? <a href="./runbooks">Runbooks</a> : null}
        <SearchBox value={text} label="Filter by name, label, expression, file" onChange={(q) => setParams({ q })} />
      </div>
      {rules.error ? <ErrorBox error={rules.error} since={rules.at} /> : null}
      {groups ? <Groups groups={groups} chosen={chosen} text={text} /> : rules.error ? null : <Skeleton rows={8} />}
    </div>
  )
}

/** One of ours: a page of this server. */
const hasRunbook = (g: RuleGroup): boolean => g.rules.some((r) => annotationLink(undefined, r.annotations?.runbook_url) !== undefined)

const isKind = (text: string): text is RuleKind => (RULE_KINDS as readonly string[]).includes(text)

function Groups({ groups, chosen, text }: { groups: RuleGroup[]; chosen: ReadonlySet<RuleKind>; text: string }) {
  if (groups.length === 0) {
    return (
      <Empty title="No rules are loaded">
        <p>
          Name rule files under <code>rule_files</code> in the configuration, or start with a pack: <code>--pack mpc</code>.
        </p>
      </Empty>
    )
  }
  const found = filterGroups(groups, chosen, text)
  if (found.length === 0) {
    return (
      <Empty title="No rule matches the filter">
        <p>
          <a href="./alerts">Show all alerting rules</a>
        </p>
      </Empty>
    )
  }
  // Groups with trouble come first; the rest keep the order of their files.
  const worst = (g: RuleGroup): number => Math.min(...g.rules.map((r) => RULE_KINDS.indexOf(ruleKind(r))))
  const ordered = found
    .map((g) => ({ g, rank: worst(g) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ g }) => g)
  return (
    <>
      {ordered.map((g) => (
        <GroupCard key={`${g.file}\n${g.name}`} group={g} />
      ))}
    </>
  )
}
