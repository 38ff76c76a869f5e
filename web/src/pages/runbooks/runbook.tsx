// One runbook: its text, its expressions as links to their results, and whether its alert fires now.

import { useMemo } from 'preact/hooks'
import { ApiError, get } from '../../api/client'
import type { Runbook as RunbookText, RunbookName } from '../../api/types'
import { countInstances } from '../../lib/rules'
import { alerts } from '../../state/alerts'
import { usePolled } from '../../state/poll'
import { Empty, ErrorBox, Skeleton } from '../../ui/notices'
import { StateBadge } from '../../ui/state-badge'
import { Markdown, namesInCode } from './markdown'

export const runbookLink = (runbook: RunbookName): string => `./runbooks/${runbook.pack}/${runbook.name}`

interface Props extends RunbookName {
  others: readonly RunbookName[]
}

export function Runbook({ pack, name, others }: Props) {
  const path = `vigil/runbooks/${encodeURIComponent(pack)}/${encodeURIComponent(name)}`
  const { data, error } = usePolled((signal) => get<RunbookText>(path, {}, signal), [path], () => 0)
  const pages = useMemo(() => new Map(others.filter((r) => r.pack === pack && r.name !== name).map((r) => [r.name, runbookLink(r)])), [others])
  const names = useMemo(() => (data ? namesInCode(data.markdown) : []), [data])
  const metrics = usePolled((signal) => existing(names, signal), [names], () => 0)
  return (
    <div class="runbook-page" data-testid="runbook" data-state={data ? 'ready' : error ? 'error' : 'loading'}>
      <div class="toolbar">
        <nav aria-label="Runbooks">
          <a href="./runbooks">All runbooks</a> <span class="muted">/</span> <a href={`./runbooks/${pack}`}>{pack}</a>
        </nav>
        {data ? <AlertState name={name} /> : null}
      </div>
      {data ? (
        <article class="card runbook">
          <Markdown text={data.markdown} pageOf={(word) => pages.get(word)} isMetric={(word) => metrics.data?.has(word) ?? false} />
        </article>
      ) : error === undefined ? (
        <Skeleton rows={8} />
      ) : error instanceof ApiError && error.kind === 'not_found' ? (
        <Empty title="There is no such runbook">
          <p>
            This server knows none of <code>{name}</code> in the pack <code>{pack}</code>. It serves those of the packs it was started with.
          </p>
        </Empty>
      ) : (
        <ErrorBox error={error} />
      )}
    </div>
  )
}

/** Which of the names the server has series of. */
async function existing(names: readonly string[], signal: AbortSignal): Promise<Set<string>> {
  if (names.length === 0) return new Set()
  return new Set(await get<string[]>('label/__name__/values', { 'match[]': `{__name__=~"${names.join('|')}"}` }, signal))
}

/** A runbook of an error budget serves two alerts, whose names begin with its own. */
function AlertState({ name }: { name: string }) {
  const isOurs = (alertname: string | undefined): boolean =>
    name.endsWith('BudgetBurn') ? (alertname?.startsWith(name) ?? false) : alertname === name
  const { firing, pending } = countInstances((alerts.value ?? []).filter((a) => isOurs(a.labels.alertname)))
  return (
    <>
      {firing > 0 ? <StateBadge state="firing" count={firing} /> : pending > 0 ? <StateBadge state="pending" count={pending} /> : null}
      <a href={`./alerts?q=${encodeURIComponent(name)}`}>Show the alert</a>
    </>
  )
}
