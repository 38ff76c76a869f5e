// Time range, resolution and refresh: shared by all queries of the page.

import { useEffect, useState } from 'preact/hooks'
import { parseDuration } from '../../lib/duration'
import type { QueryState } from '../../lib/query-url'
import { isLive } from '../../lib/time-range'
import { Icon } from '../../ui/icons'
import { runs, setRange, setRefresh, setStep, shift, zoomOut } from './state'
import { TimePicker } from './time-picker'

const REFRESH = [0, 5, 10, 30, 60]

export function Toolbar({ state }: { state: QueryState }) {
  return (
    <div class="toolbar query-toolbar" role="toolbar" aria-label="Time range and refresh">
      <span class="group">
        <TimePicker range={state.range} onChange={setRange} />
        <button type="button" class="icon-button" aria-label="Earlier" title="Half a range earlier" onClick={() => shift(-0.5)}>
          <Icon name="chevronLeft" />
        </button>
        <button type="button" class="icon-button" aria-label="Later" title="Half a range later" onClick={() => shift(0.5)}>
          <Icon name="chevronRight" />
        </button>
        <button type="button" class="icon-button" aria-label="Zoom out" title="Zoom out to twice the range" onClick={zoomOut}>
          <Icon name="zoomOut" />
        </button>
      </span>
      <StepField step={state.step} />
      <span class="spacer" />
      <span class="group">
        <label class="field">
          Refresh
          <select
            class="select"
            value={state.refresh}
            disabled={!isLive(state.range)}
            title={isLive(state.range) ? undefined : 'A range with a fixed end does not change'}
            onChange={(e) => setRefresh(Number(e.currentTarget.value))}
          >
            {[...new Set([...REFRESH, state.refresh])].map((s) => (
              <option key={s} value={s}>
                {s === 0 ? 'Off' : `${s} s`}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button" onClick={() => runs.value++}>
          <Icon name="refresh" size={15} />
          Run all
        </button>
      </span>
    </div>
  )
}

function StepField({ step }: { step: string }) {
  const [text, setText] = useState(step)
  useEffect(() => setText(step), [step])
  const wrong = text.trim() !== '' && !parseDuration(text)
  const commit = (): void => {
    if (!wrong) setStep(text.trim())
  }
  return (
    <label class="field">
      Step
      <input
        class="select step"
        value={text}
        placeholder="auto"
        aria-invalid={wrong}
        title="Distance between points, such as 15s or 1m. Empty: chosen from the range"
        spellcheck={false}
        onInput={(e) => setText(e.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(e) => e.key === 'Enter' && commit()}
      />
    </label>
  )
}
