// The PromQL editor: completion from the server's own metrics and labels, highlighting, bracket matching.
// This file is a chunk of its own; nothing on the first screen waits for it.

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionStatus,
  moveCompletionSelection,
  selectedCompletion,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands'
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language'
import { EditorState, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { BASE } from '../../api/client'

export interface EditorOptions {
  parent: HTMLElement
  label: string
  placeholder: string
  text: string
  cursor: number
  onChange: (text: string) => void
  onRun: (text: string) => void
}

export interface PromqlEditor {
  setText(text: string): void
  focus(): void
  destroy(): void
}

const colors = HighlightStyle.define([
  { tag: [tags.labelName, tags.variableName], color: 'var(--syntax-name)' },
  { tag: [tags.keyword, tags.modifier, tags.function(tags.variableName), tags.operatorKeyword], color: 'var(--syntax-keyword)' },
  { tag: tags.string, color: 'var(--syntax-string)' },
  { tag: tags.number, color: 'var(--syntax-number)' },
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--bad)' },
])

/** Tab takes the first suggestion; Enter only takes one that was chosen, so that a finished query always runs. */
function takeSuggestion(view: EditorView): boolean {
  if (completionStatus(view.state) !== 'active') return false
  if (selectedCompletion(view.state) === null) moveCompletionSelection(true)(view)
  return acceptCompletion(view)
}

export function createEditor(options: EditorOptions): PromqlEditor {
  const promql = new PromQLExtension()
    .activateCompletion(true)
    .activateLinter(true)
    .setComplete({ remote: { url: BASE.href.replace(/\/$/, '') } })
  const run = (view: EditorView): boolean => {
    options.onRun(view.state.doc.toString())
    return true
  }
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      selection: { anchor: Math.min(options.cursor, options.text.length) },
      extensions: [
        history(),
        promql.asExtension(),
        autocompletion({ selectOnOpen: false, icons: false }),
        closeBrackets(),
        bracketMatching(),
        syntaxHighlighting(colors),
        EditorView.lineWrapping,
        placeholder(options.placeholder),
        EditorView.contentAttributes.of({ 'aria-label': options.label, 'data-page-search': '' }),
        Prec.high(
          keymap.of([
            { key: 'Tab', run: takeSuggestion },
            { key: 'Enter', run },
            { key: 'Shift-Enter', run: insertNewlineAndIndent },
          ]),
        ),
        keymap.of([...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString())
        }),
      ],
    }),
  })
  return {
    setText(text) {
      if (text === view.state.doc.toString()) return
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
    },
    focus: () => view.focus(),
    destroy() {
      promql.destroy()
      view.destroy()
    },
  }
}
