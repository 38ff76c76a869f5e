// What to do when an alert fires: the pages that the packs bring, one an alert.

import './runbooks.css'
import { useEffect } from 'preact/hooks'
import { get } from '../../api/client'
import type { RunbookName } from '../../api/types'
import { below, page } from '../../state/router'
import { usePolled } from '../../state/poll'
import { Empty, ErrorBox, Skeleton } from '../../ui/notices'
import { Runbook, runbookLink } from './runbook'

export function RunbooksPage() {
  // The packs of a server are chosen at its start.
  const list = usePolled((signal) => get<RunbookName[]>('vigil/runbooks', {}, signal), [], () => 0)
  const [pack, name] = below.value
  const shown = page.value === 'runbooks'
  useEffect(() => {
    if (shown) document.title = `${name ?? 'Runbooks'} · vigil`
  }, [shown, name])
  if (!shown) return null
  if (pack !== undefined && name !== undefined) {
    return <Runbook key={`${pack}/${name}`} pack={pack} name={name} others={list.data ?? []} />
  }
  return (
    <div data-testid="runbooks" data-state={list.data ? 'ready' : 'loading'}>
      {list.error ? <ErrorBox error={list.error} /> : null}
      {list.data ? <Index runbooks={list.data} pack={pack} /> : list.error ? null : <Skeleton rows={8} />}
    </div>
  )
}

function Index({ runbooks, pack }: { runbooks: RunbookName[]; pack: string | undefined }) {
  const shown = runbooks.filter((r) => pack === undefined || r.pack === pack)
  if (shown.length === 0) {
    return (
      <Empty title={pack === undefined ? 'No runbooks are loaded' : `There are no runbooks of ${pack}`}>
        <p>
          They come with a pack: start the server with <code>--pack {pack ?? 'mpc'}</code>.
        </p>
      </Empty>
    )
  }
  return (
    <>
      {[...new Set(shown.map((r) => r.pack))].map((of) => (
        <section class="card runbook-list" key={of} aria-labelledby={`runbooks-${of}`}>
          <div class="card-head">
            <h2 id={`runbooks-${of}`}>{of}</h2>
          </div>
          <ul>
            {shown
              .filter((r) => r.pack === of)
              .map((r) => (
                <li key={r.name}>
                  <a href={runbookLink(r)}>{r.name}</a>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </>
  )
}
