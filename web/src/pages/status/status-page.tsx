// What this server is and how it is doing: build, runtime, storage, flags, configuration.

import './status.css'
import { page, params } from '../../state/router'
import { Config } from './config'
import { Flags } from './flags'
import { Overview } from './overview'

const VIEWS = [
  { id: '', title: 'Overview', View: Overview },
  { id: 'flags', title: 'Flags', View: Flags },
  { id: 'config', title: 'Configuration', View: Config },
]

export function StatusPage() {
  if (page.value !== 'status') return null
  const chosen = params.value.get('view') ?? ''
  const view = VIEWS.find((v) => v.id === chosen) ?? VIEWS[0]!
  return (
    <div data-testid="status">
      <nav class="segmented status-nav" aria-label="Status views">
        {VIEWS.map((v) => (
          <a key={v.id} href={v.id ? `./status?view=${v.id}` : './status'} aria-current={v === view ? 'true' : undefined}>
            {v.title}
          </a>
        ))}
      </nav>
      <view.View key={view.id} />
    </div>
  )
}
