/** What a check found, in the user's words: of the plan as a whole, and by the rates it is about. */
import type { Schema } from '@/api/client'
import { formatAmount } from '@/kit/format'
import { DAY_MINUTES, formatPrice, wordMoment, type Rate } from './rate'

export interface Remark {
  tone: 'bad' | 'warn'
  text: string
  positions: readonly number[]
  /** Said once, above the rates, not beside each: a gap is about all rates of a prefix. */
  isCommon?: boolean
}
type Say = (key: string, words?: Record<string, unknown>) => string
const WEEK_MINUTES = 7 * DAY_MINUTES

export function wordFault(fault: Schema['FaultView'], rates: readonly Rate[], say: Say): Remark {
  let text = say(`rate.faults.${fault.code}`)
  const first = rates[fault.rate_positions[0] ?? -1]
  if (fault.code === 'gap' && fault.area !== null && first !== undefined) {
    const { from_minute: from, to_minute: to } = fault
    const what = {
      service: say(`rate.services.${first.service}`),
      prefix: first.prefix || say('rate.anyNumber'),
      area: say(`rate.areas.${fault.area}`),
    }
    const isNever = from === null || to === null || to - from === WEEK_MINUTES
    text += isNever ? say('rate.gapAlways', what) : say('rate.gapTime', { ...what, from: wordMoment(from, say), to: wordMoment(to, say) })
  }
  return { tone: 'bad', text, positions: fault.rate_positions, isCommon: fault.code === 'gap' }
}

export function wordWarning(warning: Schema['CautionView'], say: Say): Remark {
  const { duration_s: seconds, sells_micros: sells, pays_micros: pays } = warning
  const amount = (micros: number | null): string => formatAmount(formatPrice(micros ?? 0))
  const text = say(`rate.warnings.${warning.code}`, { seconds, sells: amount(sells), pays: amount(pays) })
  return { tone: 'warn', text, positions: warning.rate_position === null ? [] : [warning.rate_position] }
}

/** By position, for the rows of a table. */
export function groupRemarks(remarks: readonly Remark[]): Map<number, Remark[]> {
  const found = new Map<number, Remark[]>()
  for (const remark of remarks) {
    if (remark.isCommon) continue
    for (const position of remark.positions) found.set(position, [...(found.get(position) ?? []), remark])
  }
  return found
}
