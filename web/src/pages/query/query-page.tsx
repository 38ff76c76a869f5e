// Queries under one time range, each with its own graph or table.

import './query.css'
import { useEffect } from 'preact/hooks'
import { page } from '../../state/router'
import { Icon } from '../../ui/icons'
import { Panel } from './panel'
import { addPanel, queryState, runs } from './state'
import { Toolbar } from './toolbar'

export function QueryPage() {
  const state = queryState.value
  useEffect(() => {
    if (state.refresh <= 0) return
    const timer = setInterval(() => {
      if (!document.hidden) runs.value++
    }, state.refresh * 1000)
    return () => clearInterval(timer)
  }, [state.refresh])
  // Leaving the page changes the URL first; its parameters are not ours any more.
  if (page.value !== 'query') return null
  return (
    <div class="query-page" data-testid="query">
      <Toolbar state={state} />
      {state.panels.map((panel, i) => (
        <Panel key={i} index={i} panel={panel} range={state.range} step={state.step} alone={state.panels.length === 1} />
      ))}
      <button type="button" class="button quiet" onClick={addPanel}>
        <Icon name="plus" />
        Add query
      </button>
    </div>
  )
}
