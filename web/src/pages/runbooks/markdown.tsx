// Markdown as elements of the page. What the text says is never parsed as HTML: tags in it are shown as they are written,
// and only web addresses and pages of ours become links.

import { lexer, type MarkedToken, type Token, type Tokens } from 'marked'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { isName, looksLikePromql } from '../../lib/promql-guess'
import { queryLink } from '../../lib/query-url'
import { safeUrl } from '../../lib/safe-url'

export interface Surroundings {
  /** Where the name of another page leads, if there is such a page. */
  pageOf: (name: string) => string | undefined
  isMetric: (name: string) => boolean
}

interface Props extends Surroundings {
  text: string
}

export function Markdown({ text, ...around }: Props) {
  const tokens = useMemo(() => lexer(text), [text])
  return <div class="prose">{blocks(tokens, around)}</div>
}

/** Every plain name in code, for isMetric() to be asked about. */
export function namesInCode(text: string): string[] {
  const found = new Set<string>()
  const visit = (tokens: readonly Token[]): void => {
    for (const token of tokens as MarkedToken[]) {
      if (token.type === 'codespan' && isName(token.text)) found.add(token.text)
      if ('tokens' in token && token.tokens) visit(token.tokens)
      if (token.type === 'list') visit(token.items)
      if (token.type === 'table') for (const cell of [...token.header, ...token.rows.flat()]) visit(cell.tokens)
    }
  }
  visit(lexer(text))
  return [...found].sort()
}

const blocks = (tokens: readonly Token[], around: Surroundings): ComponentChildren =>
  tokens.map((token, i) => <Block key={i} token={token as MarkedToken} around={around} />)

const spans = (tokens: readonly Token[], around: Surroundings): ComponentChildren =>
  tokens.map((token, i) => <Span key={i} token={token as MarkedToken} around={around} />)

function Block({ token, around }: { token: MarkedToken; around: Surroundings }) {
  switch (token.type) {
    case 'heading': {
      // The name of the page is the h1 of the frame.
      const Heading = `h${Math.min(token.depth + 1, 6)}` as 'h2'
      return <Heading>{spans(token.tokens, around)}</Heading>
    }
    case 'paragraph':
      return <p>{spans(token.tokens, around)}</p>
    case 'blockquote':
      return <blockquote>{blocks(token.tokens, around)}</blockquote>
    case 'code':
      return <CodeBlock token={token} />
    case 'list':
      return <List token={token} around={around} />
    case 'table':
      return <Table token={token} around={around} />
    case 'hr':
      return <hr />
    case 'space':
    case 'def':
      return null
    case 'html':
      return <p>{token.text}</p>
    default:
      return <Span token={token} around={around} />
  }
}

function CodeBlock({ token }: { token: Tokens.Code }) {
  const query = token.lang === 'promql' || (!token.lang && looksLikePromql(token.text))
  return (
    <div class="code-block">
      <pre tabIndex={0}>{token.text}</pre>
      {query ? <a href={queryLink(token.text, 'table')}>Open as a query</a> : null}
    </div>
  )
}

function List({ token, around }: { token: Tokens.List; around: Surroundings }) {
  const items = token.items.map((item, i) => <li key={i}>{blocks(item.tokens, around)}</li>)
  return token.ordered ? <ol start={token.start === '' ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>
}

function Table({ token, around }: { token: Tokens.Table; around: Surroundings }) {
  return (
    <div class="table-scroll" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {token.header.map((cell, i) => (
              <th key={i} scope="col">
                {spans(cell.tokens, around)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>{spans(cell.tokens, around)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Span({ token, around }: { token: MarkedToken; around: Surroundings }) {
  switch (token.type) {
    case 'strong':
      return <strong>{spans(token.tokens, around)}</strong>
    case 'em':
      return <em>{spans(token.tokens, around)}</em>
    case 'del':
      return <del>{spans(token.tokens, around)}</del>
    case 'br':
      return <br />
    case 'codespan':
      return <Code text={token.text} around={around} />
    case 'link': {
      const href = linkTarget(token.href, around)
      return href === undefined ? <>{spans(token.tokens, around)}</> : <a href={href}>{spans(token.tokens, around)}</a>
    }
    case 'text':
      return <>{token.tokens ? spans(token.tokens, around) : withPages(token.text, around)}</>
    case 'escape':
    case 'image':
      return <>{token.text}</>
    default:
      return <>{token.raw}</>
  }
}

function Code({ text, around }: { text: string; around: Surroundings }) {
  const page = around.pageOf(text)
  if (page !== undefined) return <a href={page}>{text}</a>
  if (!looksLikePromql(text) && !(isName(text) && around.isMetric(text))) return <code>{text}</code>
  return (
    <a class="expr" href={queryLink(text, 'table')} title="Open as a query">
      <code>{text}</code>
    </a>
  )
}

/** Web addresses, and the file of another page: "NodeDown.md". */
function linkTarget(href: string, around: Surroundings): string | undefined {
  const file = /^(?:\.\/)?(\w+)\.md$/.exec(href)?.[1]
  return file === undefined ? safeUrl(href) : around.pageOf(file)
}

/** Runbooks name each other in plain words. */
function withPages(text: string, around: Surroundings): ComponentChildren {
  return text.split(/\b(\w+)\b/).map((word, i) => {
    const page = i % 2 === 1 ? around.pageOf(word) : undefined
    return page === undefined ? (
      word
    ) : (
      <a key={i} href={page}>
        {word}
      </a>
    )
  })
}
