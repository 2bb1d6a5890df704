/** What calls of an enterprise can be led to. */
import { shallowRef, type ShallowRef } from 'vue'
import { api, take, type Schema } from '@/api/client'

export type Choice = NonNullable<Schema['DidReception']['open']>
export type Kind = Choice['kind']

export interface Option {
  id: number
  label: string
}
export type Targets = Record<Exclude<Kind, 'number'>, Option[]>

export const KINDS: readonly Kind[] = ['menu', 'queue', 'agent', 'number', 'voicemail']
const NONE: Targets = { menu: [], queue: [], agent: [], voicemail: [] }

export async function loadTargets(): Promise<Targets> {
  const [trees, queues, agents, boxes] = await Promise.all([
    take(api.GET('/api/v1/ivr-trees')),
    take(api.GET('/api/v1/queues')),
    take(api.GET('/api/v1/agents')),
    take(api.GET('/api/v1/voicemail-boxes')),
  ])
  const named = (items: { id: number; name: string }[]): Option[] => items.map(({ id, name }) => ({ id, label: name }))
  return {
    menu: named(trees.items),
    queue: named(queues.items),
    agent: agents.items.map((one) => ({ id: one.agent_id, label: `${one.name} ${one.work_number}` })),
    voicemail: named(boxes.items),
  }
}

export const useTargets = (): ShallowRef<Targets> => shallowRef(NONE)

/** What a choice leads to; null for an outside number. */
export function idOf(choice: Choice): number | null {
  switch (choice.kind) {
    case 'menu':
      return choice.tree_id
    case 'queue':
      return choice.queue_id
    case 'agent':
      return choice.agent_id
    case 'voicemail':
      return choice.box_id
    case 'number':
      return null
  }
}

export function choose(kind: Exclude<Kind, 'number'>, id: number): Choice {
  switch (kind) {
    case 'menu':
      return { kind, tree_id: id }
    case 'queue':
      return { kind, queue_id: id }
    case 'agent':
      return { kind, agent_id: id }
    case 'voicemail':
      return { kind, box_id: id }
  }
}

/** Whether it can be sent: a kind alone leads nowhere yet. */
export const isWhole = (choice: Choice | null): boolean =>
  choice === null || (choice.kind === 'number' ? /^\+?[0-9]{3,20}$/.test(choice.number) : (idOf(choice) ?? 0) > 0)
