// The configuration as the server understood it, secrets already hidden by the server.

import { useState } from 'preact/hooks'
import { get } from '../../api/client'
import { usePolled } from '../../state/poll'
import { Icon } from '../../ui/icons'
import { Empty, ErrorBox, Skeleton } from '../../ui/notices'

export function Config() {
  const { data, error } = usePolled((signal) => get<{ yaml: string }>('status/config', {}, signal))
  const [copied, setCopied] = useState(false)
  const yaml = data?.yaml ?? ''
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(yaml)
    setCopied(true)
    setTimeout(() => setCopied(false), 2000)
  }
  return (
    <section class="card" aria-label="Configuration">
      <div class="card-head">
        <h2>Loaded configuration</h2>
        <span class="spacer" />
        {/* Browsers offer the clipboard only to secure pages. */}
        {window.isSecureContext ? (
          <button type="button" class="button" onClick={() => void copy()} disabled={yaml === ''}>
            <Icon name={copied ? 'ok' : 'copy'} size={14} />
            <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
          </button>
        ) : null}
      </div>
      {error ? <ErrorBox error={error} /> : null}
      {!data && !error ? <Skeleton rows={8} /> : null}
      {data && yaml === '' ? <Empty title="The server runs without a configuration file" /> : null}
      {yaml ? (
        <pre class="config" tabIndex={0} aria-label="YAML">
          {yaml}
        </pre>
      ) : null}
    </section>
  )
}
