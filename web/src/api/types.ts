// Shapes of the Prometheus HTTP API that the pages read.

import type { AlertInstance, RuleGroup } from '../lib/rules'
import type { Target } from '../lib/targets'

export type Point = [number, string]

export interface HistogramValue {
  count: string
  sum: string
  /** [boundary rule, low, high, count] */
  buckets?: [number, string, string, string][]
}

export interface VectorSample {
  metric: Record<string, string>
  value?: Point
  histogram?: [number, HistogramValue]
}

export interface MatrixSample {
  metric: Record<string, string>
  values?: Point[]
  histograms?: [number, HistogramValue][]
}

export type QueryData =
  | { resultType: 'vector'; result: VectorSample[] }
  | { resultType: 'matrix'; result: MatrixSample[] }
  | { resultType: 'scalar' | 'string'; result: Point }

export interface AlertsData {
  alerts: AlertInstance[]
}

export interface RulesData {
  groups: RuleGroup[]
}

export interface RunbookName {
  pack: string
  name: string
}

export interface Runbook extends RunbookName {
  markdown: string
}

export interface TargetsData {
  activeTargets: Target[]
  droppedTargets?: unknown[]
  droppedTargetCounts?: Record<string, number>
}

export interface TsdbStatus {
  headStats: Record<string, number>
  seriesCountByMetricName: NameCount[]
  labelValueCountByLabelName: NameCount[]
  memoryInBytesByLabelName: NameCount[]
  seriesCountByLabelValuePair: NameCount[]
}

export interface NameCount {
  name: string
  value: number
}
