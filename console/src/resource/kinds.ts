/** The kinds of resources, and what people write about them as the API wants it. */
import type { Schema } from '@/api/client'
import { formatNumber } from '@/kit/format'

export type Kind = Schema['ResourceKind']
export type Resource = Schema['ResourceView']
/** What is made here; trunks have a page of their own. */
export type MadeKind = Exclude<Kind, 'trunk'>
export const KINDS = ['extension', 'did', 'caller_id', 'trunk'] as const satisfies readonly Kind[]
/** Made as a range, granted or taken back in one request. */
export const MOST = 1000
export const MOST_PASSWORDS = 200

/** As people read it: an extension's digits and a trunk's name as they are. */
export function wordNumber(kind: Kind, number: string): string {
  return kind === 'extension' || kind === 'trunk' ? number : formatNumber(number)
}

/** Numbers are kept as +86...; one that is typed with the 0 before its area code is meant from there on. */
export function searchFor(kind: Kind, text: string): string | undefined {
  if (kind === 'trunk') return text.trim() || undefined
  const plain = text.replace(/[\s-]/g, '')
  if (plain === '') return undefined
  return kind !== 'extension' && /^0[1-9]\d{5,}$/.test(plain) ? `+86${plain.slice(1)}` : plain
}

export type RangeFault = 'digits' | 'lengths' | 'order' | 'many'

/** How many numbers from the first to the last, both included; or why that is no range. */
export function countRange(first: string, last: string): number | RangeFault {
  if (![first, last].every((text) => /^\+?\d{2,31}$/.test(text))) return 'digits'
  if (first.length !== last.length || first.startsWith('+') !== last.startsWith('+')) return 'lengths'
  const count = BigInt(last.replace('+', '')) - BigInt(first.replace('+', '')) + 1n
  if (count < 1n) return 'order'
  return count > BigInt(MOST) ? 'many' : Number(count)
}

/** What all numbers of a range begin with. */
export function beginningOf(first: string, last: string): string {
  const end = [...first].findIndex((digit, place) => digit !== last[place])
  return end < 0 ? first : first.slice(0, end)
}
