/** Colours and words of a call's outcome. */
import type { Schema } from '@/api/client'
import { i18n } from '@/i18n'
import type { Tone } from '@/kit/StatusPill.vue'

export const RESULTS: readonly Schema['Result'][] = [
  'answered',
  'abandoned',
  'timed_out',
  'no_agents',
  'busy',
  'no_answer',
  'rejected',
  'invalid',
  'line_fault',
  'cancelled',
  'refused',
  'overflowed',
  'closed',
  'blocked',
  'menu',
  'voicemail',
]

export const RESULT_TONES: Record<Schema['Result'], Tone> = {
  answered: 'good',
  abandoned: 'bad',
  timed_out: 'bad',
  no_agents: 'bad',
  busy: 'warn',
  no_answer: 'warn',
  rejected: 'warn',
  invalid: 'warn',
  line_fault: 'bad',
  cancelled: 'calm',
  refused: 'bad',
  overflowed: 'bad',
  closed: 'calm',
  blocked: 'calm',
  menu: 'calm',
  voicemail: 'warn',
}

/** A Q.850 cause in words, with its number for those who know it. */
export function wordCause(code: number): string {
  const { t, te } = i18n.global
  const key = `call.causes.${code}`
  return te(key) ? t('call.cause', { words: t(key), code }) : t('call.otherCause', { code })
}

/** Why a call was refused. */
export function wordRefusal(code: string): string {
  const { t, te } = i18n.global
  return te(`failure.${code}`) ? t(`failure.${code}`) : code
}
