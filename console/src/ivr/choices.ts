/** What nodes may refer to. */
import { api, take, type Schema } from '@/api/client'
import { loadTargets, type Option, type Targets } from '@/reception/targets'

/** Sounds of the system that fit into a menu; the others are parts of spoken numbers. */
export const BUILTINS = [
  'welcome',
  'please_wait',
  'agents_busy',
  'no_agents',
  'timed_out',
  'closed',
  'holiday',
  'invalid_key',
  'enter_work_number',
  'unknown_work_number',
  'transferring',
  'not_reached',
  'goodbye',
] as const

export interface Choices {
  targets: Targets
  schedules: Option[]
  prompts: Schema['PromptView'][]
}

export const NO_CHOICES: Choices = { targets: { menu: [], queue: [], agent: [], voicemail: [] }, schedules: [], prompts: [] }

export async function loadChoices(): Promise<Choices> {
  const [targets, schedules, prompts] = await Promise.all([
    loadTargets(),
    take(api.GET('/api/v1/schedules')),
    take(api.GET('/api/v1/prompts')),
  ])
  return { targets, schedules: schedules.items.map(({ id, name }) => ({ id, label: name })), prompts: prompts.items }
}
