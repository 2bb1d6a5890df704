/** Rates as the editor takes them: texts of people to and from what the API takes, exactly. */
import type { Schema } from '@/api/client'
import { formatMicros, isYuan } from '@/ledger/yuan'

export type Rate = Schema['RateBody']
export const SERVICES = ['outbound', 'inbound', 'verification'] as const
export const KINDS = ['duration', 'per_call'] as const
export const AREAS = ['local', 'long_distance', 'international'] as const
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const
export const DAY_MINUTES = 1440
export const MOST_RATES = 300
export const MAX_INCREMENT_S = 3600
export const MAX_STRETCH_S = 86_400
const MAX_PRICE_MICROS = 10_000_000_000
const MAX_MINIMUM_MICROS = 1_000_000_000_000_000

/** Micros of a text in yuan; null when it is none. Whole numbers below 2^53 all the way. */
export function readMicros(text: string, most: number): number | null {
  const trimmed = text.trim()
  if (!/^[0-9]{1,10}(\.[0-9]{1,6})?$/.test(trimmed)) return null
  const [whole, rest = ''] = trimmed.split('.') as [string, string?]
  const micros = Number(whole) * 1_000_000 + Number(rest.padEnd(6, '0'))
  return micros <= most ? micros : null
}

export const readPrice = (text: string): number | null => (isYuan(text.trim()) ? readMicros(text, MAX_PRICE_MICROS) : null)
export const readMinimum = (text: string): number | null => readMicros(text, MAX_MINIMUM_MICROS)
export const formatPrice = formatMicros

/** "5.25" per cent is 52500 millionths; null when the text is none from 0 to 100. */
export function readPercent(text: string): number | null {
  const trimmed = text.trim()
  if (!/^[0-9]{1,3}(\.[0-9]{1,4})?$/.test(trimmed)) return null
  const [whole, rest = ''] = trimmed.split('.') as [string, string?]
  const ppm = Number(whole) * 10_000 + Number(rest.padEnd(4, '0'))
  return ppm <= 1_000_000 ? ppm : null
}

export function formatPercent(ppm: number): string {
  const rest = String(ppm % 10_000).padStart(4, '0').replace(/0+$/, '')
  return `${Math.floor(ppm / 10_000)}${rest === '' ? '' : `.${rest}`}`
}

/** "08:30" is 510; "24:00" is the day's end. Null when it is no time of day. */
export function readClock(text: string): number | null {
  const parts = /^([0-9]{1,2}):([0-9]{2})$/.exec(text.trim().replace('：', ':'))
  if (parts === null) return null
  const [hours, minutes] = [Number(parts[1]), Number(parts[2])]
  return minutes < 60 && hours * 60 + minutes <= DAY_MINUTES ? hours * 60 + minutes : null
}

export function formatClock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

export function makeRate(service: Rate['service'] = 'outbound'): Rate {
  return {
    service,
    kind: 'duration',
    prefix: '',
    area: null,
    caller_region: null,
    callee_region: null,
    weekdays: [...WEEKDAYS],
    from_minute: 0,
    to_minute: DAY_MINUTES,
    connect_micros: 0,
    included_s: 0,
    first_increment_s: null,
    increment_s: 60,
    price_micros: 0,
  }
}

/** A stored rate without what the API adds to it. */
export function toBody(view: Schema['RateView']): Rate {
  const { id: _, connect: __, price: ___, ...body } = view
  return body
}

export const isAllDays = (rate: Rate): boolean => rate.weekdays.length === 7
export const isAllDay = (rate: Rate): boolean => rate.from_minute === 0 && rate.to_minute === DAY_MINUTES

type Say = (key: string, words?: Record<string, unknown>) => string

/** What a rate is for: its prefix, area and regions. */
export function wordMatch(rate: Rate, say: Say): string {
  const parts: string[] = []
  if (rate.prefix !== '') parts.push(say('rate.begins', { prefix: rate.prefix }))
  if (rate.area) parts.push(say(`rate.areas.${rate.area}`))
  if (rate.caller_region || rate.callee_region) {
    const words = { from: rate.caller_region || say('rate.anywhere'), to: rate.callee_region || say('rate.anywhere') }
    parts.push(say('rate.regions', words))
  }
  return parts.length > 0 ? parts.join(' · ') : say('rate.forAll')
}

/** Weekdays as people say them: 1-5 together, others one by one. */
export function wordDays(weekdays: readonly number[], say: Say): string {
  const days = [...weekdays].sort((one, other) => one - other)
  if (days.length === 7) return say('rate.everyDay')
  const [first, last] = [days[0]!, days[days.length - 1]!]
  const names = days.map((day) => say(`rate.days.${day}`))
  if (days.length > 2 && last - first === days.length - 1) return say('rate.daysTo', { first: names[0], last: names.at(-1) })
  return names.join(say('rate.comma'))
}

export function wordWindow(rate: Rate, say: Say): string {
  if (isAllDays(rate) && isAllDay(rate)) return say('rate.always')
  const days = wordDays(rate.weekdays, say)
  return isAllDay(rate) ? days : `${days} ${formatClock(rate.from_minute)}–${formatClock(rate.to_minute)}`
}

/** A moment of the week in minutes since Monday 00:00. */
export function wordMoment(minute: number, say: Say): string {
  const ofWeek = minute % (7 * DAY_MINUTES)
  return `${say(`rate.days.${Math.floor(ofWeek / DAY_MINUTES) + 1}`)} ${formatClock(ofWeek % DAY_MINUTES)}`
}
