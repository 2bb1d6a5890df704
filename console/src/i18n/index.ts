/** Words in Chinese and English. Chinese is the default; the choice is remembered in this browser. */
import { createI18n } from 'vue-i18n'
import * as agent from '@/agent/messages'
import * as blacklist from '@/blacklist/messages'
import * as call from '@/call/messages'
import * as ivr from '@/ivr/messages'
import { recall, remember } from '@/kit/storage'
import * as ledger from '@/ledger/messages'
import * as live from '@/live/messages'
import * as missed from '@/missed/messages'
import * as policy from '@/policy/messages'
import * as prompt from '@/prompt/messages'
import * as queue from '@/queue/messages'
import * as session from '@/session/messages'
import * as shell from '@/shell/messages'
import * as callerId from '@/caller_id/messages'
import * as frequency from '@/frequency/messages'
import * as pause from '@/pause/messages'
import * as team from '@/team/messages'
import * as trunk from '@/trunk/messages'
import * as verification from '@/verification/messages'
import * as plan from '@/rating/plan-messages'
import * as rate from '@/rating/rate-messages'
import * as rating from '@/rating/messages'
import * as alert from '@/alert/messages'
import * as rent from '@/rent/messages'
import * as statement from '@/settlement/messages'
import * as statistics from '@/statistics/messages'
import * as resource from '@/resource/messages'
import * as reception from '@/reception/messages'
import * as schedule from '@/schedule/messages'
import * as voicemail from '@/voicemail/messages'
import * as tenant from '@/tenant/messages'
import * as failure from './failure'
import * as term from './term'

export type Language = 'zh-CN' | 'en'
export const LANGUAGES: readonly Language[] = ['zh-CN', 'en']

const zh = {
  agent: agent.zh,
  blacklist: blacklist.zh,
  call: call.zh,
  failure: failure.zh,
  ivr: ivr.zh,
  ledger: ledger.zh,
  live: live.zh,
  missed: missed.zh,
  policy: policy.zh,
  prompt: prompt.zh,
  queue: queue.zh,
  session: session.zh,
  shell: shell.zh,
  tenant: tenant.zh,
  term: term.zh,
  voicemail: voicemail.zh,
  schedule: schedule.zh,
  plan: plan.zh,
  rate: rate.zh,
  rating: rating.zh,
  alert: alert.zh,
  rent: rent.zh,
  statement: statement.zh,
  statistics: statistics.zh,
  resource: resource.zh,
  reception: reception.zh,
  verification: verification.zh,
  trunk: trunk.zh,
  team: team.zh,
  pause: pause.zh,
  frequency: frequency.zh,
  callerId: callerId.zh,
}
const en: typeof zh = {
  agent: agent.en,
  blacklist: blacklist.en,
  call: call.en,
  failure: failure.en,
  ivr: ivr.en,
  ledger: ledger.en,
  live: live.en,
  missed: missed.en,
  policy: policy.en,
  prompt: prompt.en,
  queue: queue.en,
  session: session.en,
  shell: shell.en,
  tenant: tenant.en,
  term: term.en,
  voicemail: voicemail.en,
  schedule: schedule.en,
  plan: plan.en,
  rate: rate.en,
  rating: rating.en,
  alert: alert.en,
  rent: rent.en,
  statement: statement.en,
  statistics: statistics.en,
  resource: resource.en,
  reception: reception.en,
  verification: verification.en,
  trunk: trunk.en,
  team: team.en,
  pause: pause.en,
  frequency: frequency.en,
  callerId: callerId.en,
}

const isLanguage = (text: string | null): text is Language => LANGUAGES.some((known) => known === text)

const chosen = recall('language')
export const i18n = createI18n({
  legacy: false,
  locale: isLanguage(chosen) ? chosen : 'zh-CN',
  fallbackLocale: 'en',
  messages: { 'zh-CN': zh, en },
})

/** The user's own choice, kept over logins. */
export function chooseLanguage(language: Language): void {
  remember('language', language)
  applyLanguage(language)
}

/** The account's language; it gives way to a choice made in this browser. */
export function proposeLanguage(language: Language): void {
  if (!isLanguage(recall('language'))) applyLanguage(language)
}

export function applyLanguage(language: Language): void {
  i18n.global.locale.value = language
  if (typeof document !== 'undefined') document.documentElement.lang = language
}
