// The command-line flags the server runs with.

import { get } from '../../api/client'
import { params, setParams } from '../../state/router'
import { usePolled } from '../../state/poll'
import { SearchBox } from '../../ui/filters'
import { Empty, ErrorBox, Skeleton } from '../../ui/notices'

export function Flags() {
  const { data, error } = usePolled((signal) => get<Record<string, string>>('status/flags', {}, signal))
  const text = params.value.get('q') ?? ''
  const rows = Object.entries(data ?? {})
    .filter(([name, value]) => `--${name}=${value}`.toLowerCase().includes(text.toLowerCase()))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    <>
      <div class="toolbar">
        <SearchBox value={text} label="Filter flags" onChange={(q) => setParams({ q })} />
      </div>
      {error ? <ErrorBox error={error} /> : null}
      {!data && !error ? <Skeleton rows={6} /> : null}
      {data && rows.length === 0 ? <Empty title="No flag matches the filter" /> : null}
      {rows.length > 0 ? (
        <section class="card table-scroll" aria-label="Flags">
          <table class="table flags">
            <thead>
              <tr>
                <th>Flag</th>
                <th>Value</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, value]) => (
                <tr key={name}>
                  <td class="mono">--{name}</td>
                  <td class="mono">{value === '' ? <span class="muted">(empty)</span> : value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
    </>
  )
}
