// Which colour and dash a series gets. The palette is Okabe–Ito (safe for colour-blind readers); after its eight
// colours come dash patterns. A series keeps its colour across refreshes because the choice follows its label hash.

import { fnv1a } from './labels'

export const DARK_PALETTE = ['#56B4E9', '#E69F00', '#009E73', '#CC79A7', '#F0E442', '#3D8FD1', '#E8702A', '#A8A8A8'] as const
// The same hues, darker: yellow and sky blue vanish on white.
export const LIGHT_PALETTE = ['#2D87BE', '#B87900', '#007A59', '#A94F80', '#8A7F00', '#00548A', '#B94A00', '#6B6B6B'] as const

export const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]]

export interface SeriesStyle {
  /** Index into the palette of the active theme. */
  color: number
  /** Index into DASHES. */
  dash: number
}

/**
 * Styles for a set of series keys. Each key starts at the colour of its hash and takes the next free one when that
 * is taken, in key order: the same set always gives the same colours, whatever order the server sends.
 */
export function assignStyles(keys: readonly string[]): Map<string, SeriesStyle> {
  const n = DARK_PALETTE.length
  const used = new Array<number>(n).fill(0)
  const out = new Map<string, SeriesStyle>()
  for (const key of [...new Set(keys)].sort()) {
    const start = fnv1a(key) % n
    const least = Math.min(...used)
    let color = start
    while (used[color]! > least) color = (color + 1) % n
    out.set(key, { color, dash: used[color]! % DASHES.length })
    used[color]!++
  }
  return out
}
