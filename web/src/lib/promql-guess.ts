// Which code in a text is PromQL: a person may click it to see its result, and must not be led there by a shell command.

/** A metric's name with nothing around it; whether it is one only the server knows. */
export const isName = (code: string): boolean => /^[a-zA-Z_:][\w:]*$/.test(code)

const SELECTS_OR_CALLS = /[\w:]\s*[{[]|\b[a-z][a-z0-9_]*\s*\(/
const COMPARES = /[\w:)\]}]\s+(?:==|!=|>=|<=|>|<)\s+[\w(+-]/
const CALCULATES = /\w*_\w+\s+(?:[-+*/%^]|and|or|unless|offset)\s+[\w(-]/
/** Options, pipes, variables, placeholders, addresses: words of a shell. */
const SHELL = /\s--?[a-zA-Z][\w-]*(?=[\s=]|$)|[|$;&\\]|<\w+>|:\/\//

export function looksLikePromql(code: string): boolean {
  const bare = code.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""')
  if (SHELL.test(bare) || !balanced(bare)) return false
  return SELECTS_OR_CALLS.test(bare) || COMPARES.test(bare) || CALCULATES.test(bare)
}

function balanced(text: string): boolean {
  const open: string[] = []
  for (const c of text) {
    const at = '([{'.indexOf(c)
    if (at >= 0) open.push(')]}'[at]!)
    else if (')]}'.includes(c) && open.pop() !== c) return false
  }
  return open.length === 0
}
