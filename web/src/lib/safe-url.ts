// Annotations and target URLs come from outside: only web addresses become links, never javascript: and its kin.

export function safeUrl(text: string | undefined): string | undefined {
  return text !== undefined && /^https?:\/\/[^\s]+$/i.test(text) ? text : undefined
}
