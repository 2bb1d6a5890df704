/** What the form of each kind of node asks for. A tree on the wire is a map of nodes by name; branches are names. */

export type FieldType =
  | 'sounds'
  | 'branch'
  | 'optionalBranch'
  | 'keys'
  | 'exits'
  | 'branches'
  | 'texts'
  | 'levels'
  | 'cases'
  | 'number'
  | 'text'
  | 'flag'
  | 'method'
  | 'tree'
  | 'queue'
  | 'agent'
  | 'box'
  | 'schedule'

export interface Field {
  key: string
  type: FieldType
  min?: number
  max?: number
  usual?: unknown
}

/** A node while it is edited; the API checks it. */
export interface Draft {
  kind: Kind
  label?: string
  [key: string]: unknown
}

const seconds = (usual: number): Field => ({ key: 'timeout_s', type: 'number', min: 1, max: 60, usual })
const sounds = (key = 'sounds'): Field => ({ key, type: 'sounds', usual: [] })
const branch = (key: string): Field => ({ key, type: 'branch', usual: '' })
const ASKING: Field[] = [
  { key: 'retries', type: 'number', min: 0, max: 10, usual: 2 },
  sounds('invalid_sounds'),
  branch('on_timeout'),
  branch('on_invalid'),
]
const DIGITS = (most: number): Field[] => [
  { key: 'min_digits', type: 'number', min: 1, max: 32, usual: 1 },
  { key: 'max_digits', type: 'number', min: 1, max: 32, usual: most },
  { key: 'terminator', type: 'text', usual: '#' },
]
const EXITS: Field = { key: 'exits', type: 'exits', usual: {} }

export const FORMS = {
  play: [sounds(), { key: 'is_interruptible', type: 'flag', usual: true }, branch('next')],
  menu: [sounds(), { key: 'keys', type: 'keys', usual: {} }, seconds(5), ...ASKING],
  queue: [
    { key: 'queue_id', type: 'queue' },
    { key: 'priority', type: 'number', min: -100, max: 100, usual: 0 },
    { key: 'skills', type: 'levels', usual: {} },
    EXITS,
  ],
  agent: [{ key: 'agent_id', type: 'agent' }, EXITS],
  work_number: [sounds(), ...DIGITS(8), seconds(4), ...ASKING, EXITS],
  number: [{ key: 'number', type: 'text', usual: '' }, EXITS],
  voicemail: [{ key: 'box_id', type: 'box' }, EXITS],
  time_switch: [
    { key: 'schedule_id', type: 'schedule' },
    branch('on_open'),
    branch('on_closed'),
    { key: 'on_holiday', type: 'optionalBranch', usual: null },
  ],
  caller_switch: [{ key: 'cases', type: 'cases', usual: [] }, branch('otherwise')],
  collect: [sounds(), { key: 'variable', type: 'text', usual: '' }, ...DIGITS(16), seconds(5), ...ASKING, branch('next')],
  variable_switch: [
    { key: 'variable', type: 'text', usual: '' },
    { key: 'cases', type: 'branches', usual: {} },
    branch('otherwise'),
  ],
  http_request: [
    { key: 'method', type: 'method', usual: 'GET' },
    { key: 'url', type: 'text', usual: 'https://' },
    { key: 'body', type: 'texts', usual: {} },
    { key: 'results', type: 'texts', usual: {} },
    seconds(5),
    sounds(),
    branch('next'),
    branch('on_failed'),
  ],
  sub_menu: [{ key: 'tree_id', type: 'tree' }, branch('next')],
  return: [],
  hang_up: [],
} as const satisfies Record<string, readonly Field[]>

export type Kind = keyof typeof FORMS
export const KINDS = Object.keys(FORMS) as Kind[]
export const fieldsOf = (kind: Kind): readonly Field[] => FORMS[kind]

/** Why a target may fail, by its kind; `otherwise` stands for all that are not named. */
export const FAILURES: Partial<Record<Kind, readonly string[]>> = {
  queue: ['timed_out', 'overflowed', 'no_agents', 'closed'],
  agent: ['busy', 'no_answer', 'declined', 'unreachable', 'offline'],
  number: ['busy', 'no_answer', 'declined', 'unreachable', 'invalid', 'refused'],
  work_number: ['busy', 'no_answer', 'declined', 'unreachable', 'offline'],
  voicemail: ['done', 'full'],
}

/** A new node with the usual values; what has none is left for the user to choose. */
export function makeNode(kind: Kind): Draft {
  const usual = fieldsOf(kind).filter((field) => 'usual' in field)
  return { kind, label: '', ...Object.fromEntries(usual.map(({ key, usual: value }) => [key, structuredClone(value)])) }
}

/** Whether something that must be chosen is not: a queue, an agent, a box, hours, a menu. */
export const isLacking = (node: Draft): boolean =>
  fieldsOf(node.kind).some(({ key, type }) => ['tree', 'queue', 'agent', 'box', 'schedule'].includes(type) && !node[key])

/** A name that no node has. */
export function nameNode(kind: Kind, taken: Iterable<string>): string {
  const names = new Set(taken)
  let number = 1
  while (names.has(`${kind}_${number}`)) number += 1
  return `${kind}_${number}`
}

/** The nodes that a node leads to, in the order of its form. */
function* listBranches(node: Draft): Generator<string> {
  for (const { key, type } of fieldsOf(node.kind)) {
    const value = node[key]
    if (type === 'branch' || type === 'optionalBranch') yield String(value)
    if (type === 'keys' || type === 'exits' || type === 'branches') yield* Object.values((value ?? {}) as Record<string, string>)
    if (type === 'cases') yield* ((value ?? []) as { next: string }[]).map((one) => one.next)
  }
}

/** As a caller meets them: the entry, then what it leads to; last those that nothing leads to. */
export function orderNodes(nodes: Record<string, Draft>, entry: string): Record<string, Draft> {
  const order = new Set<string>(entry in nodes ? [entry] : [])
  for (const name of order) for (const next of listBranches(nodes[name]!)) if (next in nodes) order.add(next)
  for (const name of Object.keys(nodes)) order.add(name)
  return Object.fromEntries([...order].map((name) => [name, nodes[name]!]))
}

/** Every branch to `from` leads to `to` now. */
export function renameBranches(nodes: Record<string, Draft>, from: string, to: string): void {
  const turn = (value: unknown): unknown => (value === from ? to : value)
  for (const node of Object.values(nodes)) {
    for (const { key, type } of fieldsOf(node.kind)) {
      if (type === 'branch' || type === 'optionalBranch') node[key] = turn(node[key])
      if (type === 'keys' || type === 'exits' || type === 'branches') {
        const map = node[key] as Record<string, string> | undefined
        node[key] = Object.fromEntries(Object.entries(map ?? {}).map(([one, target]) => [one, turn(target)]))
      }
      if (type === 'cases') for (const one of (node[key] as { next: string }[] | undefined) ?? []) one.next = turn(one.next) as string
    }
  }
}
