import { describe, expect, it } from 'vitest'
import { commonLabels, differingLabels, formatSelector, labelsHash, labelsKey, seriesName } from '../../src/lib/labels'
import { columnStats, stackColumns, toGrid } from '../../src/lib/matrix'
import { locateError } from '../../src/lib/query-error'
import { buildTable } from '../../src/lib/result-table'
import { DARK_PALETTE, LIGHT_PALETTE, assignStyles } from '../../src/lib/series-color'
import { sparkPath } from '../../src/lib/spark'

describe('labels', () => {
  it('has one key per set', () => {
    expect(labelsKey({ a: '1', b: '2' })).toBe(labelsKey({ b: '2', a: '1' }))
    expect(labelsKey({ a: '1' })).not.toBe(labelsKey({ a: '2' }))
    expect(labelsHash({ a: '1' })).toMatch(/^[0-9a-z]{1,7}$/)
  })
  it.each([
    [{}, '{}'],
    [{ __name__: 'up' }, 'up'],
    [{ __name__: 'up', job: 'api', a: 'x"y\\' }, 'up{a="x\\"y\\\\", job="api"}'],
    [{ job: 'api' }, '{job="api"}'],
    [{ __name__: 'http.requests', 'service.name': 'x' }, '{"http.requests", "service.name"="x"}'],
  ])('formats %j', (labels, text) => expect(formatSelector(labels)).toBe(text))
  it('separates what is shared from what differs', () => {
    const sets = [
      { __name__: 'up', job: 'a', instance: '1' },
      { __name__: 'up', job: 'a', instance: '2', zone: 'x' },
    ]
    expect(commonLabels(sets)).toEqual({ __name__: 'up', job: 'a' })
    expect(differingLabels(sets)).toEqual(['instance', 'zone'])
    expect(commonLabels([])).toEqual({})
  })
  it.each([
    [{ __name__: 'up', job: 'a' }, [], 'up{job="a"}'],
    [{}, [], 'sum(up)'],
    [{ job: 'a', node_id: '3' }, ['node_id'], 'node_id=3'],
    [{ job: 'a', node_id: '3' }, ['job', 'node_id'], '{job="a", node_id="3"}'],
  ])('names %j by %j', (labels, differing, name) => expect(seriesName(labels, differing, 'sum(up)')).toBe(name))
})

describe('assignStyles', () => {
  const keys = Array.from({ length: 20 }, (_, i) => `series ${i}`)
  it('gives the same styles in any order', () => {
    expect(assignStyles([...keys].reverse())).toEqual(assignStyles(keys))
  })
  it('uses every colour before it dashes', () => {
    const styles = [...assignStyles(keys.slice(0, 8)).values()]
    expect(new Set(styles.map((s) => s.color)).size).toBe(8)
    expect(styles.every((s) => s.dash === 0)).toBe(true)
    expect(new Set([...assignStyles(keys).values()].map((s) => `${s.color}/${s.dash}`)).size).toBe(20)
  })
  it('has as many light colours as dark ones', () => expect(LIGHT_PALETTE.length).toBe(DARK_PALETTE.length))
})

describe('toGrid', () => {
  it('fills missing steps with gaps and drops what cannot be drawn', () => {
    const grid = toGrid([{ metric: {}, values: [[10, '1'], [30, 'NaN'], [40, '+Inf'], [50, '5']] }], 10_000, 50_000, 10_000)
    expect(grid.times).toEqual([10, 20, 30, 40, 50])
    expect(grid.columns).toEqual([[1, null, null, null, 5]])
  })
  it('stacks the visible columns only', () => {
    expect(stackColumns([[1, 2, null], [10, 10, 10], [5, null, 5]], [true, false, true])).toEqual([
      [1, 2, null],
      [10, 10, 10],
      [6, null, 5],
    ])
  })
  it('summarises', () => {
    expect(columnStats([1, null, 3, 2, null])).toEqual({ last: 2, min: 1, max: 3, mean: 2 })
    expect(columnStats([null]).max).toBeNaN()
  })
})

describe('locateError', () => {
  it.each([
    ['sum(up', '1:7: parse error: unclosed left parenthesis', { source: 'sum(up', column: 6, message: 'unclosed left parenthesis' }],
    ['a\nb b', 'invalid parameter "query": 2:3: parse error: unexpected identifier "b"', { source: 'b b', column: 2, message: 'unexpected identifier "b"' }],
    ['up', 'query timed out', undefined],
    ['up', '9:1: parse error: beyond', undefined],
  ])('%s', (expr, message, place) => expect(locateError(expr, message)).toEqual(place))
})

describe('buildTable', () => {
  const rows = [
    { labels: { job: 'a', i: '10' }, text: '2' },
    { labels: { job: 'a', i: '9' }, text: 'NaN' },
    { labels: { job: 'a', i: '1' }, text: '+Inf' },
  ]
  it.each([
    ['', false, ['10', '9', '1']],
    ['i', false, ['1', '9', '10']],
    ['value', false, ['10', '1', '9']],
    ['value', true, ['9', '1', '10']],
  ])('sorts by %j', (column, descending, order) => {
    const table = buildTable(rows, { column, descending })
    expect(table.rows.map((r) => r.labels.i)).toEqual(order)
    expect(table.common).toEqual({ job: 'a' })
    expect(table.columns).toEqual(['i'])
  })
  it('shows all labels of a lone row', () => {
    expect(buildTable(rows.slice(0, 1), { column: '', descending: false })).toMatchObject({ common: {}, columns: ['i', 'job'] })
  })
})

describe('sparkPath', () => {
  it.each([
    [[], ''],
    [[null, null], ''],
    [[0, 1], 'M0 9L100 1'],
    [[5, 5], 'M0 5L100 5'],
    [[0, null, 1], 'M0 9h0.01M100 1h0.01'],
  ])('%j', (column, line) => expect(sparkPath(column, 100, 10).line).toBe(line))
  it('includes the bounds in its scale', () => expect(sparkPath([2, 2], 100, 10, [0, 4]).line).toBe('M0 5L100 5'))
})
