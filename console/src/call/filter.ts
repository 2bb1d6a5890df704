/** What the list of calls is narrowed to. */
import type { operations } from '@/api/schema'

export type CallQuery = NonNullable<operations['list_calls']['parameters']['query']>

export interface CallFilter {
  period: [Date, Date] | null
  direction: NonNullable<CallQuery['direction']> | ''
  result: NonNullable<CallQuery['result']> | ''
  number: string
}

export const PAGE_SIZE = 50

export function noFilter(): CallFilter {
  return { period: null, direction: '', result: '', number: '' }
}

export function toQuery(filter: CallFilter): CallQuery {
  const number = filter.number.replace(/[^\d+]/g, '')
  return {
    limit: PAGE_SIZE,
    ...(filter.direction && { direction: filter.direction }),
    ...(filter.result && { result: filter.result }),
    ...(number && { number }),
    ...(filter.period && { from: filter.period[0].toISOString(), to: filter.period[1].toISOString() }),
  }
}

/** The day that begins `daysAgo` days before this one. */
export function startOfDay(daysAgo: number): Date {
  const day = new Date()
  day.setHours(0, 0, 0, 0)
  day.setDate(day.getDate() - daysAgo)
  return day
}
