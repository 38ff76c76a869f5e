// The expression field: a plain text area that works at once, replaced by the real editor when its code has arrived.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { PromqlEditor } from './codemirror'

interface Props {
  label: string
  value: string
  onChange: (text: string) => void
  onRun: (text: string) => void
}

const PLACEHOLDER = 'Expression: Enter runs it, Shift-Enter starts a new line'

export function Editor(props: Props) {
  const host = useRef<HTMLDivElement>(null)
  const area = useRef<HTMLTextAreaElement>(null)
  const editor = useRef<PromqlEditor | undefined>(undefined)
  const [ready, setReady] = useState(false)
  const current = useRef(props)
  current.current = props

  useEffect(() => {
    let gone = false
    import('./codemirror').then(
      ({ createEditor }) => {
        if (gone || !host.current) return
        const { activeElement } = document
        const at = area.current?.selectionEnd ?? 0
        editor.current = createEditor({
          parent: host.current,
          label: current.current.label,
          placeholder: PLACEHOLDER,
          text: current.current.value,
          cursor: at,
          onChange: (text) => current.current.onChange(text),
          onRun: (text) => current.current.onRun(text),
        })
        if (activeElement !== null && activeElement === area.current) editor.current.focus()
        setReady(true)
      },
      // Without the chunk the text area stays, and everything but completion works.
      () => undefined,
    )
    return () => {
      gone = true
      editor.current?.destroy()
    }
  }, [])

  useEffect(() => editor.current?.setText(props.value), [props.value])

  useLayoutEffect(() => {
    const el = area.current
    if (!el) return
    el.style.height = '0'
    el.style.height = `${el.scrollHeight}px`
  }, [props.value, ready])

  return (
    <div class="editor" ref={host}>
      {ready ? null : (
        <textarea
          ref={area}
          rows={1}
          data-page-search
          aria-label={props.label}
          placeholder={PLACEHOLDER}
          value={props.value}
          spellcheck={false}
          autocapitalize="off"
          onInput={(e) => props.onChange(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return
            e.preventDefault()
            props.onRun(e.currentTarget.value)
          }}
        />
      )}
    </div>
  )
}
