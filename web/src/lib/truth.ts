// Home's one sentence: what an operator must know before reading anything else.

import { plural } from './format'

export interface Facts {
  firing: number
  pending: number
  targetsUp: number
  targets: number
  /** Undefined while not known yet. */
  ready: boolean | undefined
}

export type Tone = 'bad' | 'warn' | 'good'

export interface Truth {
  tone: Tone
  headline: string
  details: string
}

export function tellTruth(f: Facts): Truth {
  const down = f.targets - f.targetsUp
  const targets =
    f.targets === 0
      ? 'nothing is scraped yet'
      : down === 0
        ? `${f.targets === 1 ? 'the target is' : `all ${plural(f.targets, 'target')} are`} up`
        : `${f.targetsUp} of ${plural(f.targets, 'target')} up`
  const pending = f.pending > 0 ? `, ${f.pending} pending` : ''
  const health = f.ready === undefined ? '' : f.ready ? 'vigil is ready.' : 'vigil is not ready yet.'
  const details = [`${targets[0]!.toUpperCase()}${targets.slice(1)}.`, health].filter(Boolean).join(' ')
  if (f.firing > 0) return { tone: 'bad', headline: `${plural(f.firing, 'alert')} firing${pending}`, details }
  if (down > 0) return { tone: 'bad', headline: `${plural(down, 'target')} down, no alert firing${pending}`, details }
  if (f.pending > 0) return { tone: 'warn', headline: `No alert firing${pending}`, details }
  if (f.ready === false) return { tone: 'warn', headline: 'No alert firing', details }
  return { tone: 'good', headline: f.targets === 0 ? 'No alert firing' : 'All quiet', details }
}
