/** Days on China's clock (UTC+8 throughout), as the ledger counts them: texts such as 2026-11-23. */
import { serverNow_s } from './clock'

const CHINA_MS = 8 * 3600 * 1000
const DAY_MS = 24 * 3600 * 1000

export const chinaDay = (at_ms: number): string => new Date(at_ms + CHINA_MS).toISOString().slice(0, 10)
export const chinaToday = (): string => chinaDay(serverNow_s() * 1000)
/** The first moment of a day. */
export const beginOf = (day: string): string => `${day}T00:00:00+08:00`
export const nextDay = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10)

/** First and last day of a month; `months` 0 is the day's own, -1 the one before. */
export function monthOf(day: string, months = 0): [string, string] {
  const [year, month] = day.split('-').map(Number) as [number, number]
  const first = new Date(Date.UTC(year, month - 1 + months, 1))
  const last = new Date(Date.UTC(year, month + months, 0))
  return [first.toISOString().slice(0, 10), last.toISOString().slice(0, 10)]
}
