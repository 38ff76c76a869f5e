// The resolution of a range query.

import { parseDuration } from './duration'

const SECOND = 1000
const NICE_STEPS_S = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
]

/** The server refuses more points per series than this. */
export const MAX_POINTS = 11_000

/** The smallest round step that draws the range with at most `points` points. At least a second. */
export function autoStepMs(rangeMs: number, points: number): number {
  const wanted = rangeMs / Math.max(1, points) / SECOND
  const nice = NICE_STEPS_S.find((s) => s >= wanted)
  return (nice ?? Math.ceil(wanted / 604800) * 604800) * SECOND
}

/** The step to use: what the user typed, coarsened if the server would refuse it; otherwise automatic. */
export function chooseStepMs(rangeMs: number, typed: string, points: number): number {
  const asked = typed.trim() === '' ? undefined : parseDuration(typed)
  if (asked === undefined || asked <= 0) return autoStepMs(rangeMs, points)
  const least = rangeMs / (MAX_POINTS - 1)
  return asked >= least ? asked : autoStepMs(rangeMs, MAX_POINTS - 1)
}

/** Ends moved down to multiples of the step: a refresh then asks for the same instants again and lines do not wobble. */
export function alignRange(fromMs: number, toMs: number, stepMs: number): { fromMs: number; toMs: number } {
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs: Math.floor(toMs / stepMs) * stepMs }
}
