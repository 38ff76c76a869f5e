// Label sets: identity, spelling, and what tells the series of one result apart.

export type Labels = Readonly<Record<string, string>>

const NAME = '__name__'
const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** One text per label set, independent of key order. */
export function labelsKey(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((k) => `${k}\u0001${labels[k]}`)
    .join('\u0002')
}

/** 32-bit FNV-1a in base 36: short enough for a URL that lists hidden series. */
export function labelsHash(labels: Labels): string {
  return fnv1a(labelsKey(labels)).toString(36)
}

export function fnv1a(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i)
    h = Math.imul(h, 0x01000193)
  }
  return h >>> 0
}

export const quoteLabelValue = (v: string): string =>
  `"${v.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`

const quoteLabelName = (k: string): string => (PLAIN_LABEL.test(k) ? k : quoteLabelValue(k))

/** The PromQL selector of a label set: up{job="api"}; names outside the classic set are quoted inside the braces. */
export function formatSelector(labels: Labels): string {
  const name = labels[NAME]
  const parts = Object.keys(labels)
    .filter((k) => k !== NAME)
    .sort()
    .map((k) => `${quoteLabelName(k)}=${quoteLabelValue(labels[k]!)}`)
  if (name !== undefined && !PLAIN_NAME.test(name)) return `{${[quoteLabelValue(name), ...parts].join(', ')}}`
  if (parts.length === 0) return name ?? '{}'
  return `${name ?? ''}{${parts.join(', ')}}`
}

/** Labels that all sets share with one value. */
export function commonLabels(sets: readonly Labels[]): Labels {
  const first = sets[0]
  if (!first) return {}
  const out: Record<string, string> = {}
  for (const [k, v] of Object.entries(first)) if (sets.every((s) => s[k] === v)) out[k] = v
  return out
}

/** Names of the labels that differ between the sets, sorted, the metric name first. */
export function differingLabels(sets: readonly Labels[]): string[] {
  const common = commonLabels(sets)
  const names = new Set<string>()
  for (const s of sets) for (const k of Object.keys(s)) if (!(k in common)) names.add(k)
  return [...names].sort((a, b) => (a === NAME ? -1 : b === NAME ? 1 : a < b ? -1 : 1))
}

/** What to call a series beside its siblings: only what differs, or its whole self when it is alone. */
export function seriesName(labels: Labels, differing: readonly string[], fallback: string): string {
  if (differing.length === 0) {
    const whole = formatSelector(labels)
    return whole === '{}' ? fallback : whole
  }
  const picked: Record<string, string> = {}
  for (const k of differing) if (labels[k] !== undefined) picked[k] = labels[k]
  const others = Object.keys(picked).filter((k) => k !== NAME)
  if (others.length === 1 && picked[NAME] === undefined) return `${others[0]}=${picked[others[0]!]}`
  return formatSelector(picked)
}
