// One line of the target list. Heights are fixed (targets.css, target-list.tsx); details below a row are measured.

import type { ComponentChildren, CSSProperties } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { formatCount, formatValue } from '../../lib/format'
import { safeUrl } from '../../lib/safe-url'
import type { Pool, Target } from '../../lib/targets'
import { Icon } from '../../ui/icons'
import { LabelChips } from '../../ui/labels'
import { StateBadge } from '../../ui/state-badge'
import { Ago } from '../../ui/time'

interface PoolProps {
  pool: Pool
  folded: boolean
  style: CSSProperties
  onFold: () => void
}

export function PoolRow({ pool, folded, style, onFold }: PoolProps) {
  const well = pool.up === pool.total
  return (
    <div class="target-row pool-row" role="listitem" style={style} data-pool={pool.name}>
      <button type="button" class={folded ? 'folded' : ''} aria-expanded={!folded} onClick={onFold}>
        <Icon name={folded ? 'chevronRight' : 'chevronDown'} size={15} />
        <span class="pool-name">{pool.name}</span>
        <span class={`badge num tone-${well ? 'good' : 'bad'}`}>
          <Icon name={well ? 'ok' : 'down'} size={14} />
          {formatCount(pool.up)} of {formatCount(pool.total)} up
        </span>
        <span class="spacer" />
        {pool.targets.length < pool.total ? <span class="muted small num">{formatCount(pool.targets.length)} shown</span> : null}
      </button>
    </div>
  )
}

interface TargetProps {
  target: Target
  open: boolean
  last: boolean
  style: CSSProperties
  onToggle: () => void
  onHeight: (px: number) => void
}

export function TargetRow({ target, open, last, style, onToggle, onHeight }: TargetProps) {
  const root = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (open && root.current) onHeight(root.current.offsetHeight)
  })
  return (
    <div ref={root} class={`target-row ${last ? 'last' : ''}`} role="listitem" style={style} data-health={target.health}>
      <div class={`target ${target.lastError ? 'with-error' : ''}`}>
        <button type="button" class="icon-button" aria-expanded={open} aria-label={`Details of ${target.scrapeUrl}`} onClick={onToggle}>
          <Icon name={open ? 'chevronDown' : 'chevronRight'} size={15} />
        </button>
        <span class="target-health">
          <StateBadge state={target.health} />
        </span>
        <span class="target-url mono">{target.scrapeUrl}</span>
        <span class="target-labels">
          <LabelChips labels={target.labels} omit={['job']} />
        </span>
        <span class="target-last small">
          <Ago time={target.lastScrape} />
        </span>
        <span class="target-took small num">{formatValue(target.lastScrapeDuration, 'seconds', 3)}</span>
        {target.lastError ? (
          <span class="target-error" title={target.lastError}>
            {target.lastError}
          </span>
        ) : null}
      </div>
      {open ? <Details target={target} /> : null}
    </div>
  )
}

function Details({ target }: { target: Target }) {
  const url = safeUrl(target.globalUrl ?? target.scrapeUrl)
  return (
    <dl class="target-details">
      {target.lastError ? <Fact name="Error">{target.lastError}</Fact> : null}
      <Fact name="Endpoint">{url ? <a href={url}>{url}</a> : target.scrapeUrl}</Fact>
      <Fact name="Scraped">
        {target.scrapeInterval ? `every ${target.scrapeInterval}` : ''}
        {target.scrapeTimeout ? `, timeout ${target.scrapeTimeout}` : ''}
      </Fact>
      <Fact name="Labels">
        <LabelChips labels={target.labels} />
      </Fact>
      {target.discoveredLabels ? (
        <Fact name="Discovered">
          <LabelChips labels={target.discoveredLabels} />
        </Fact>
      ) : null}
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
