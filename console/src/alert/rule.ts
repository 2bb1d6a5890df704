/** Limits as a form has them: text, where empty is no limit. Pure. */
import type { Schema } from '@/api/client'

type Rule = Schema['SpendRuleView']
export const AMOUNTS = ['hourly', 'daily', 'low_balance', 'suspend_below'] as const
export type Amount = (typeof AMOUNTS)[number]
export type RuleForm = Record<Amount | 'calls_per_second' | 'destinations', string>
export type Wrong = 'wrongAmount' | 'wrongCalls' | 'wrongDestinations'

const YUAN = /^\d{1,9}(\.\d{1,6})?$/
const PREFIX = /^\+\d{0,14}$/
const MOST_CALLS = 1000
const MOST_PREFIXES = 300

export function toForm(rule: Rule): RuleForm {
  return {
    hourly: rule.hourly ?? '',
    daily: rule.daily ?? '',
    low_balance: rule.low_balance ?? '',
    suspend_below: rule.suspend_below ?? '',
    calls_per_second: rule.calls_per_second?.toString() ?? '',
    destinations: rule.destinations.join('\n'),
  }
}

const linesOf = (text: string): string[] => text.split(/[\s,，]+/).filter((line) => line !== '')

/** What is wrong with which field; empty: nothing. */
export function findWrong(form: RuleForm): Partial<Record<keyof RuleForm, Wrong>> {
  const wrong: Partial<Record<keyof RuleForm, Wrong>> = {}
  for (const name of AMOUNTS) if (form[name].trim() !== '' && !YUAN.test(form[name].trim())) wrong[name] = 'wrongAmount'
  const calls = form.calls_per_second.trim()
  if (calls !== '' && (!/^\d{1,4}$/.test(calls) || Number(calls) < 1 || Number(calls) > MOST_CALLS)) wrong.calls_per_second = 'wrongCalls'
  const lines = linesOf(form.destinations)
  if (lines.length === 0 || lines.length > MOST_PREFIXES || !lines.every((line) => PREFIX.test(line))) wrong.destinations = 'wrongDestinations'
  return wrong
}

export function toBody(form: RuleForm): Schema['SpendRuleBody'] {
  const amount = (name: Amount): string | null => form[name].trim() || null
  const calls = form.calls_per_second.trim()
  return {
    hourly: amount('hourly'),
    daily: amount('daily'),
    low_balance: amount('low_balance'),
    suspend_below: amount('suspend_below'),
    calls_per_second: calls === '' ? null : Number(calls),
    destinations: [...new Set(linesOf(form.destinations))],
  }
}
