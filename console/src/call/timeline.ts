/** The legs of a call as stretches of one common time axis. */
import type { Schema } from '@/api/client'

export type Phase = 'setup' | 'ringing' | 'talking'
/** In percent of the call's whole length. */
export interface Stretch {
  phase: Phase
  from: number
  width: number
}

export function layOut(call: Pick<Schema['CallDetail'], 'started_at' | 'ended_at'>, leg: Schema['LegView']): Stretch[] {
  const [begin, end] = [Date.parse(call.started_at), Date.parse(call.ended_at)]
  const place = (text: string): number => {
    const part = end > begin ? (Date.parse(text) - begin) / (end - begin) : 0
    return Math.min(100, Math.max(0, part * 100))
  }
  const marks: [Phase, string][] = [['setup', leg.started_at]]
  if (leg.ringing_at !== null) marks.push(['ringing', leg.ringing_at])
  if (leg.answered_at !== null) marks.push(['talking', leg.answered_at])
  return marks.map(([phase, at], index) => {
    const next = marks[index + 1]?.[1] ?? leg.ended_at
    return { phase, from: place(at), width: Math.max(0, place(next) - place(at)) }
  })
}
