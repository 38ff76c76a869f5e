// Where an annotation of an alert leads.

import { safeUrl } from './safe-url'

/** The path in '{{ $externalURL }}/runbooks/mpc/MPCNodeDown': a page of this server, whatever address it calls its own. */
const OWN = /^\{\{\s*\$?externalURL\s*\}\}(\/[\w./-]*)$/

export interface AnnotationLink {
  href: string
  text: string
}

/** `text` as shown, `template` as the rule has it; the link to a page of ours holds where the browser sees this server. */
export function annotationLink(text: string | undefined, template: string | undefined): AnnotationLink | undefined {
  const own = OWN.exec(template ?? '')?.[1]
  if (own !== undefined && !own.includes('//')) return { href: `.${own}`, text: text === undefined || text === template ? own : text }
  const url = safeUrl(text)
  return url === undefined ? undefined : { href: url, text: url }
}
