// All keys in one place, and the switch that turns single-key shortcuts off (WCAG 2.1.4).

import { useEffect, useRef } from 'preact/hooks'
import { singleKeys } from '../state/settings'
import { Icon } from './icons'

const SECTIONS: { title: string; keys: [string[], string][] }[] = [
  {
    title: 'Anywhere',
    keys: [
      [['g', 'h'], 'Home'],
      [['g', 'q'], 'Query'],
      [['g', 'a'], 'Alerts'],
      [['g', 't'], 'Targets'],
      [['g', 's'], 'Status'],
      [['/'], 'Go to the search or query field'],
      [['?'], 'This help'],
      [['Esc'], 'Leave the field, close what is open'],
    ],
  },
  {
    title: 'Query',
    keys: [
      [['Enter'], 'Run the query'],
      [['Shift', 'Enter'], 'New line'],
      [['Ctrl', 'Space'], 'Suggestions'],
      [['←', '→'], 'Move the crosshair of the focused graph'],
    ],
  },
]

const POINTER: [string, string][] = [
  ['Drag in a graph', 'Zoom in; the browser’s back button undoes it'],
  ['Double click in a graph', 'Zoom out'],
  ['Click a legend entry', 'Hide or show that series'],
]

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={onClose}
      // A click on the backdrop lands on the dialog element itself.
      onClick={(e) => e.target === dialog.current && dialog.current?.close()}
    >
      <div class="help-body">
        <div class="help-head">
          <h2 id="help-title">Keyboard and mouse</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        <div class="help-columns">
          {SECTIONS.map((s) => (
            <section key={s.title}>
              <h3>{s.title}</h3>
              <dl>
                {s.keys.map(([keys, what]) => (
                  <div key={what}>
                    <dt>
                      {keys.map((k) => (
                        <kbd key={k}>{k}</kbd>
                      ))}
                    </dt>
                    <dd>{what}</dd>
                  </div>
                ))}
                {s.title === 'Query'
                  ? POINTER.map(([how, what]) => (
                      <div key={how} class="wide">
                        <dt>{how}</dt>
                        <dd>{what}</dd>
                      </div>
                    ))
                  : null}
              </dl>
            </section>
          ))}
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={singleKeys.value === 'on'}
            onChange={(e) => (singleKeys.value = e.currentTarget.checked ? 'on' : 'off')}
          />
          Single-key shortcuts
        </label>
      </div>
    </dialog>
  )
}
