// A label set as small chips, keys muted so that the values stand out.

import type { Labels } from '../lib/labels'

interface Props {
  labels: Labels
  /** Names the context already says. */
  omit?: readonly string[]
}

export function LabelChips({ labels, omit = [] }: Props) {
  const names = Object.keys(labels).filter((k) => !omit.includes(k)).sort()
  return (
    <span class="chips">
      {names.map((k) => (
        <span class="chip" key={k} title={`${k}="${labels[k]}"`}>
          <span class="chip-key">{k}=</span>
          {labels[k]}
        </span>
      ))}
    </span>
  )
}
