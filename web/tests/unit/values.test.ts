import { describe, expect, it } from 'vitest'
import { formatAgo, formatCount, formatSpan, formatTicks, formatValue, plural, type Unit } from '../../src/lib/format'
import { guessUnit } from '../../src/lib/unit-guess'
import { compareValues, parseValue } from '../../src/lib/value'

describe('parseValue', () => {
  it.each([
    ['1.5', 1.5],
    ['1e+21', 1e21],
    ['NaN', NaN],
    ['+Inf', Infinity],
    ['-Inf', -Infinity],
    ['', NaN],
  ])('%s', (text, v) => expect(parseValue(text)).toBe(v))
  it('sorts NaN last', () => {
    expect([3, NaN, -Infinity, 1].sort(compareValues)).toEqual([-Infinity, 1, 3, NaN])
  })
})

describe('formatValue', () => {
  it.each<[number, Unit, string]>([
    [0, 'none', '0'],
    [1, 'none', '1'],
    [1234, 'none', '1234'],
    [12_345, 'none', '12.35 k'],
    [999_999, 'none', '1 M'],
    [1_500_000, 'none', '1.5 M'],
    [-2.5, 'none', '−2.5'],
    [0.000123, 'none', '0.000123'],
    [1e-9, 'none', '1e-9'],
    [NaN, 'none', 'NaN'],
    [-Infinity, 'bytes', '−Inf'],
    [0.0123, 'seconds', '12.3 ms'],
    [0.00000045, 'seconds', '450 ns'],
    [90, 'seconds', '1.5 min'],
    [86_400, 'seconds', '1 d'],
    [0, 'seconds', '0 s'],
    [1536, 'bytes', '1.5 KiB'],
    [268_435_456, 'bytes', '256 MiB'],
    [2_097_152, 'bytes/s', '2 MiB/s'],
    [0.9531, 'percent', '95.31 %'],
    [12.5, 'per-second', '12.5/s'],
  ])('%d %s', (v, unit, text) => expect(formatValue(v, unit)).toBe(text))
})

describe('formatTicks', () => {
  it.each<[number[], Unit, string[]]>([
    [[0, 1, 2, 3], 'none', ['0', '1', '2', '3']],
    [[0, 0.25, 0.5, 0.75], 'none', ['0', '0.25', '0.5', '0.75']],
    [[0, 12.5, 15, 17.5], 'none', ['0', '12.5', '15', '17.5']],
    [[0.98, 0.985, 0.99], 'percent', ['98 %', '98.5 %', '99 %']],
    [[0, 5e6, 1e7], 'none', ['0', '5 M', '10 M']],
  ])('%j %s', (values, unit, out) => expect(formatTicks(values, unit)).toEqual(out))
})

describe('spans', () => {
  it.each([
    [350, '350 ms'],
    [12_000, '12 s'],
    [90_000, '1 min 30 s'],
    [3_600_000, '1 h'],
    [273_600_000, '3 d 4 h'],
  ])('%d', (ms, text) => expect(formatSpan(ms)).toBe(text))
  it.each([
    [1_000, 13_000, '12 s ago'],
    [13_000, 1_000, 'in 12 s'],
    [1_000, 1_500, 'just now'],
    [NaN, 1, 'never'],
  ])('%d at %d', (then, now, text) => expect(formatAgo(then, now)).toBe(text))
  it('groups digits and counts', () => {
    expect(formatCount(1234567)).toBe('1\u202f234\u202f567')
    expect(plural(1, 'alert')).toBe('1 alert')
    expect(plural(0, 'alert')).toBe('0 alerts')
  })
})

describe('guessUnit', () => {
  it.each<[string, Unit]>([
    ['histogram_quantile(0.95, sum by (le, protocol) (rate(mpc_signature_duration_seconds_bucket[5m])))', 'seconds'],
    ['container_memory_usage_bytes{name="x"}', 'bytes'],
    ['sum by (name) (container_memory_usage_bytes)', 'bytes'],
    ['rate(container_network_receive_bytes_total[5m])', 'bytes/s'],
    ['sum(rate(mpc_votes_total{result="approve"}[5m]))', 'per-second'],
    ['sum(rate(http_request_duration_seconds_count[5m]))', 'per-second'],
    ['increase(mpc_votes_total[5m])', 'none'],
    ['scrape_duration_seconds', 'seconds'],
    ['process_start_time_seconds', 'none'],
    ['time() - mpc_last_backup_timestamp_seconds', 'none'],
    ['a_bytes / b_bytes', 'none'],
    ['count(container_memory_usage_bytes)', 'none'],
    ['rate(process_cpu_seconds_total[5m])', 'none'],
    ['some_hit_ratio', 'percent'],
    ['up', 'none'],
    ['1 + 1', 'none'],
    ['', 'none'],
  ])('%s', (expr, unit) => expect(guessUnit(expr)).toBe(unit))
})
