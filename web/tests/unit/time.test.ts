import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../src/lib/duration'
import {
  absoluteRange,
  describeRange,
  formatAbsolute,
  isLive,
  parseTime,
  resolveRange,
  scaleRange,
  shiftRange,
} from '../../src/lib/time-range'
import { formatTimeTicks } from '../../src/lib/time-ticks'
import { alignRange, autoStepMs, chooseStepMs } from '../../src/lib/step'

const NOW = Date.UTC(2026, 10, 21, 14, 39, 47) // a Saturday

describe('parseDuration', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1d', 86_400_000],
    ['15', 15_000],
    ['0.5', 500],
    [' 10s ', 10_000],
    ['1y', 31_536_000_000],
    ['', undefined],
    ['abc', undefined],
    ['5 m', undefined],
    ['5mx', undefined],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms))
})

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [15_000, '15s'],
    [5_400_000, '1h30m'],
    [86_400_000, '1d'],
    [10 * 86_400_000, '10d'],
    [14 * 86_400_000, '2w'],
    [1_500, '1s500ms'],
  ])('%d', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
    expect(parseDuration(text)).toBe(ms)
  })
})

describe('parseTime', () => {
  it.each([
    ['now', 'from', NOW],
    ['now-1h', 'from', NOW - 3_600_000],
    ['now-1h30m', 'from', NOW - 5_400_000],
    ['now+5m', 'to', NOW + 300_000],
    ['now/d', 'from', Date.UTC(2026, 10, 21)],
    ['now/d', 'to', Date.UTC(2026, 10, 22) - 1],
    ['now-1d/d', 'from', Date.UTC(2026, 10, 20)],
    ['now/h', 'from', Date.UTC(2026, 10, 21, 14)],
    ['now/w', 'from', Date.UTC(2026, 10, 16)],
    ['2026-11-21', 'from', Date.UTC(2026, 10, 21)],
    ['2026-11-21 14:30', 'from', Date.UTC(2026, 10, 21, 14, 30)],
    ['2026-11-21T14:30:05.250Z', 'from', Date.UTC(2026, 10, 21, 14, 30, 5, 250)],
    ['1795271987', 'from', 1795271987000],
    ['1795271987000', 'from', 1795271987000],
    ['yesterday', 'from', undefined],
    ['now-1', 'from', undefined],
    ['2026-13-01', 'from', undefined],
    ['2026-11-21 25:00', 'from', undefined],
  ] as const)('%s (%s)', (text, edge, ms) => expect(parseTime(text, NOW, edge, true)).toBe(ms))
})

describe('ranges', () => {
  it('resolves both ends', () => {
    expect(resolveRange({ from: 'now-5m', to: 'now' }, NOW, true)).toEqual({ fromMs: NOW - 300_000, toMs: NOW })
  })
  it.each([
    [{ from: 'x', to: 'now' }, 'Cannot read'],
    [{ from: 'now-1h', to: 'x' }, 'Cannot read'],
    [{ from: 'now', to: 'now-1h' }, 'start before'],
  ])('explains %j', (range, text) => {
    expect(resolveRange(range, NOW, true)).toMatchObject({ error: expect.stringContaining(text) as string })
  })
  it('is live only when it ends relative to now', () => {
    expect(isLive({ from: 'now-1h', to: 'now' })).toBe(true)
    expect(isLive({ from: 'now-1h', to: '2026-11-21 14:30:00' })).toBe(false)
  })
  it.each([
    [{ from: 'now-1h', to: 'now' }, 'Last 1 hour'],
    [{ from: 'now-90m', to: 'now' }, 'Last 90m'],
    [{ from: 'now-2h', to: 'now-1h' }, 'now-2h – now-1h'],
    [{ from: '2026-11-21 10:00:00Z', to: '2026-11-21 11:00:00Z' }, '2026-11-21 10:00:00 – 11:00:00'],
    [{ from: '2026-11-20 10:00:00Z', to: '2026-11-21 11:00:00Z' }, '2026-11-20 10:00:00 – 2026-11-21 11:00:00'],
  ])('describes %j', (range, text) => expect(describeRange(range, NOW, true)).toBe(text))
  it('round-trips absolute times', () => {
    const range = absoluteRange(NOW - 60_000, NOW)
    expect(resolveRange(range, 0, false)).toEqual({ fromMs: NOW - 60_000, toMs: NOW })
    expect(formatAbsolute(NOW, true)).toBe('2026-11-21 14:39:47')
  })
  it('zooms out to now instead of past it', () => {
    expect(scaleRange({ fromMs: NOW - 3_600_000, toMs: NOW }, 2, NOW)).toEqual({ from: 'now-2h', to: 'now' })
    expect(scaleRange({ fromMs: NOW - 7_200_000, toMs: NOW - 7_000_000 }, 2, NOW).to).toMatch(/Z$/)
  })
  it('moves back by a share, and forward no further than now', () => {
    const r = { fromMs: NOW - 3_600_000, toMs: NOW }
    expect(resolveRange(shiftRange(r, -0.5, NOW), NOW, true)).toEqual({ fromMs: NOW - 5_400_000, toMs: NOW - 1_800_000 })
    expect(shiftRange(r, 0.5, NOW)).toEqual({ from: 'now-1h', to: 'now' })
  })
})

describe('steps', () => {
  it.each([
    [3_600_000, 500, 10_000],
    [86_400_000, 500, 300_000],
    [60_000, 500, 1_000],
    [30 * 86_400_000, 500, 7_200_000],
    [10 * 365 * 86_400_000, 100, 6 * 604_800_000],
  ])('auto step of %d ms in %d points', (range, points, step) => expect(autoStepMs(range, points)).toBe(step))
  it.each([
    ['', 10_000],
    ['15s', 15_000],
    ['30', 30_000],
    ['nonsense', 10_000],
    ['1ms', 1_000], // 3.6 million points would be refused
  ])('typed step %j', (typed, step) => expect(chooseStepMs(3_600_000, typed, 500)).toBe(step))
  it('aligns both ends down', () => {
    expect(alignRange(12_345, 67_890, 10_000)).toEqual({ fromMs: 10_000, toMs: 60_000 })
  })
})

describe('formatTimeTicks', () => {
  const at = (h: number, m = 0, s = 0): number => Date.UTC(2026, 10, 21, h, m, s) / 1000
  it.each([
    [[at(14), at(14, 30)], 1800, ['14:00', '14:30']],
    [[at(14, 0, 10), at(14, 0, 20)], 10, ['14:00:10', '14:00:20']],
    [[at(23), at(24), at(25)], 3600, ['23:00', '22 Nov', '01:00']],
    [[at(0), at(24)], 86_400, ['21 Nov', '22 Nov']],
    [[at(0)], 30 * 86_400, ['2026-11']],
  ])('%j', (times, step, out) => expect(formatTimeTicks(times, step, true)).toEqual(out))
})
