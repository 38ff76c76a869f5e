// The rule list: states, counts, order and filter. Shapes are those of /api/v1/rules.

export type AlertState = 'firing' | 'pending' | 'inactive'

export interface AlertInstance {
  labels: Record<string, string>
  annotations: Record<string, string>
  state: AlertState
  activeAt?: string
  value: string
}

export interface Rule {
  type: 'alerting' | 'recording'
  name: string
  query: string
  labels?: Record<string, string>
  health: string
  lastError?: string
  evaluationTime?: number
  lastEvaluation?: string
  state?: AlertState
  duration?: number
  keepFiringFor?: number
  annotations?: Record<string, string>
  alerts?: AlertInstance[]
}

export interface RuleGroup {
  name: string
  file: string
  interval: number
  evaluationTime?: number
  lastEvaluation?: string
  rules: Rule[]
}

/** What the page filters by: an alert state, or "recording" for the rules that have none. */
export type RuleKind = AlertState | 'recording'
export const RULE_KINDS: readonly RuleKind[] = ['firing', 'pending', 'inactive', 'recording']

export const ruleKind = (rule: Rule): RuleKind => (rule.type === 'recording' ? 'recording' : (rule.state ?? 'inactive'))

export function countKinds(groups: readonly RuleGroup[]): Record<RuleKind, number> {
  const counts: Record<RuleKind, number> = { firing: 0, pending: 0, inactive: 0, recording: 0 }
  for (const g of groups) for (const r of g.rules) counts[ruleKind(r)]++
  return counts
}

/** Alert instances (not rules) per state: what the pill in the top bar counts. */
export function countInstances(alerts: readonly { state: AlertState }[]): { firing: number; pending: number } {
  return {
    firing: alerts.filter((a) => a.state === 'firing').length,
    pending: alerts.filter((a) => a.state === 'pending').length,
  }
}

const RANK: Record<string, number> = { firing: 0, pending: 1, inactive: 2, recording: 3 }
const SEVERITY: Record<string, number> = { critical: 0, page: 0, error: 1, warning: 2, info: 3 }

/** Worst first; equal ones stay in the file's order, which their author chose. */
export function orderRules(rules: readonly Rule[]): Rule[] {
  return [...rules].sort((a, b) => RANK[ruleKind(a)]! - RANK[ruleKind(b)]!)
}

/** Firing before pending, then by severity, then the newest first. */
export function orderAlerts(alerts: readonly AlertInstance[]): AlertInstance[] {
  const severity = (a: AlertInstance): number => SEVERITY[a.labels.severity ?? ''] ?? 4
  return [...alerts].sort(
    (a, b) =>
      RANK[a.state]! - RANK[b.state]! ||
      severity(a) - severity(b) ||
      Date.parse(b.activeAt ?? '') - Date.parse(a.activeAt ?? '') ||
      0,
  )
}

function matches(rule: Rule, group: RuleGroup, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const instances = (rule.alerts ?? []).flatMap((a) => Object.entries(a.labels).map(([k, v]) => `${k}=${v}`))
  const own = Object.entries(rule.labels ?? {}).map(([k, v]) => `${k}=${v}`)
  const text = [rule.name, rule.query, group.name, group.file, ...own, ...instances].join('\n').toLowerCase()
  return words.every((w) => text.includes(w))
}

/** Groups with only the rules of the wanted kinds that contain every word of `text`; groups left empty are dropped. */
export function filterGroups(groups: readonly RuleGroup[], kinds: ReadonlySet<RuleKind>, text: string): RuleGroup[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return groups
    .map((g) => ({ ...g, rules: g.rules.filter((r) => kinds.has(ruleKind(r)) && matches(r, g, words)) }))
    .filter((g) => g.rules.length > 0)
}

/** The file's own name; its folder is noise until two files share one. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
