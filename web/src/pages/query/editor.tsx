// The expression field: a plain text area that works at once, replaced by the real editor when its code has arrived.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { PromqlEditor } from './codemirror'

interface Props {
  label: string
  /** The expression that was last run, here or through the URL. What is being typed belongs to the field alone. */
  expr: string
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
  const [draft, setDraft] = useState(props.expr)
  const typed = useRef(props.expr)
  const ran = useRef(props.expr)
  const change = (text: string): void => {
    typed.current = text
    current.current.onChange(text)
  }
  const run = (text: string): void => {
    ran.current = text
    current.current.onRun(text)
  }

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
          text: typed.current,
          cursor: at,
          onChange: change,
          onRun: run,
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

  // The URL brought another expression: back button, a link. Our own Enter comes back this way too, and by then the
  // next characters may have been typed: those must stay.
  useEffect(() => {
    if (props.expr === ran.current) return
    ran.current = typed.current = props.expr
    setDraft(props.expr)
    editor.current?.setText(props.expr)
  }, [props.expr])

  useLayoutEffect(() => {
    const el = area.current
    if (!el) return
    el.style.height = '0'
    el.style.height = `${el.scrollHeight}px`
  }, [draft, ready])

  return (
    <div class="editor" ref={host}>
      {ready ? null : (
        <textarea
          ref={area}
          rows={1}
          data-page-search
          aria-label={props.label}
          placeholder={PLACEHOLDER}
          value={draft}
          spellcheck={false}
          autocapitalize="off"
          onInput={(e) => {
            setDraft(e.currentTarget.value)
            change(e.currentTarget.value)
          }}
          onKeyDown={(e) => {
            if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return
            e.preventDefault()
            run(e.currentTarget.value)
          }}
        />
      )}
    </div>
  )
}
