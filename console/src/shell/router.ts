/** Addresses. Every page but the login needs a session, and a role that has the page. */
import { createRouter, createWebHistory } from 'vue-router'
import { useSession } from '@/session/store'
import { listPages, startPage, type PageName } from './menu'

declare module 'vue-router' {
  interface RouteMeta {
    page?: PageName
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/login', name: 'login', component: () => import('@/session/LoginPage.vue') },
    { path: '/password', name: 'password', component: () => import('@/session/PasswordPage.vue') },
    {
      path: '/',
      component: () => import('./ShellLayout.vue'),
      children: [
        { path: '', name: 'start', redirect: () => ({ name: startPage(useSession().role ?? 'supervisor') }) },
        { path: 'agent', name: 'agent', component: () => import('@/agent/AgentPage.vue'), meta: { page: 'agent' } },
        { path: 'live', name: 'live', component: () => import('@/live/LivePage.vue'), meta: { page: 'live' } },
        { path: 'calls', name: 'calls', component: () => import('@/call/CallsPage.vue'), meta: { page: 'calls' } },
        {
          path: 'tenants',
          name: 'tenants',
          component: () => import('@/tenant/TenantsPage.vue'),
          meta: { page: 'tenants' },
        },
        {
          path: 'blacklist',
          name: 'blacklist',
          component: () => import('@/blacklist/BlacklistPage.vue'),
          meta: { page: 'blacklist' },
        },
        { path: 'missed', name: 'missed', component: () => import('@/missed/MissedPage.vue'), meta: { page: 'missed' } },
        { path: 'queues', name: 'queues', component: () => import('@/queue/QueuesPage.vue'), meta: { page: 'queues' } },
        {
          path: 'recording-policies',
          name: 'policies',
          component: () => import('@/policy/PoliciesPage.vue'),
          meta: { page: 'policies' },
        },
        {
          path: 'prompts',
          name: 'prompts',
          component: () => import('@/prompt/PromptsPage.vue'),
          meta: { page: 'prompts' },
        },
        {
          path: 'caller-ids',
          name: 'caller-ids',
          component: () => import('@/caller_id/CallerIdsPage.vue'),
          meta: { page: 'caller-ids' },
        },
        {
          path: 'trunks',
          name: 'trunks',
          component: () => import('@/trunk/TrunksPage.vue'),
          meta: { page: 'trunks' },
        },
        {
          path: 'frequency',
          name: 'frequency',
          component: () => import('@/frequency/FrequencyPage.vue'),
          meta: { page: 'frequency' },
        },
        {
          path: 'verification',
          name: 'verification',
          component: () => import('@/verification/VerificationPage.vue'),
          meta: { page: 'verification' },
        },
        {
          path: 'teams',
          name: 'teams',
          component: () => import('@/team/TeamsPage.vue'),
          meta: { page: 'teams' },
        },
        {
          path: 'pause',
          name: 'pause',
          component: () => import('@/pause/PausePage.vue'),
          meta: { page: 'pause' },
        },
        {
          path: 'numbers',
          name: 'numbers',
          component: () => import('@/reception/NumbersPage.vue'),
          meta: { page: 'numbers' },
        },
        {
          path: 'vip',
          name: 'vip',
          component: () => import('@/reception/VipPage.vue'),
          meta: { page: 'vip' },
        },
        {
          path: 'schedules',
          name: 'schedules',
          component: () => import('@/schedule/SchedulesPage.vue'),
          meta: { page: 'schedules' },
        },
        {
          path: 'voicemail',
          name: 'voicemail',
          component: () => import('@/voicemail/VoicemailPage.vue'),
          meta: { page: 'voicemail' },
        },
        { path: 'resources', name: 'resources', component: () => import('@/resource/ResourcesPage.vue'), meta: { page: 'resources' } },
        { path: 'registrations', name: 'registrations', component: () => import('@/resource/RegistrationsPage.vue'), meta: { page: 'registrations' } },
        { path: 'ledger', name: 'ledger', component: () => import('@/ledger/LedgerPage.vue'), meta: { page: 'ledger' } },
        {
          path: 'rate-finder',
          name: 'rate-finder',
          component: () => import('@/rating/FinderPage.vue'),
          meta: { page: 'rate-finder' },
        },
        { path: 'rate-plans', name: 'rate-plans', component: () => import('@/rating/PlansPage.vue'), meta: { page: 'rate-plans' } },
        { path: 'rate-plans/:id(\\d+)', name: 'rate-plan', component: () => import('@/rating/PlanPage.vue'), meta: { page: 'rate-plans' } },
        { path: 'rate-plans/:id(\\d+)/draft', name: 'rate-plan-draft', component: () => import('@/rating/DraftPage.vue'), meta: { page: 'rate-plans' } },
        { path: 'alerts', name: 'alerts', component: () => import('@/alert/AlertsPage.vue'), meta: { page: 'alerts' } },
        { path: 'rents', name: 'rents', component: () => import('@/rent/RentsPage.vue'), meta: { page: 'rents' } },
        { path: 'statements', name: 'statements', component: () => import('@/settlement/StatementsPage.vue'), meta: { page: 'statements' } },
        { path: 'statements/:id(\\d+)', name: 'statement', component: () => import('@/settlement/StatementPage.vue'), meta: { page: 'statements' } },
        { path: 'statements/open/:tenant(\\d+)', name: 'statement-open', component: () => import('@/settlement/StatementPage.vue'), meta: { page: 'statements' } },
        { path: 'statistics', name: 'statistics', component: () => import('@/statistics/StatisticsPage.vue'), meta: { page: 'statistics' } },
        { path: 'trees', name: 'trees', component: () => import('@/ivr/TreesPage.vue'), meta: { page: 'trees' } },
        { path: 'trees/:id(\\d+)', name: 'tree', component: () => import('@/ivr/TreePage.vue'), meta: { page: 'trees' } },
        { path: ':rest(.*)*', name: 'unknown', component: () => import('./UnknownPage.vue') },
      ],
    },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  try {
    await session.restore()
  } catch {
    if (to.name !== 'login') return { name: 'login', query: { to: to.fullPath } }
  }
  const role = session.role
  if (to.name === 'login') return role === undefined ? true : { name: startPage(role) }
  if (role === undefined) return { name: 'login', query: to.path === '/' ? {} : { to: to.fullPath } }
  if (to.name === 'password') return true
  if (session.mustChangePassword) return { name: 'password' }
  if (to.meta.page !== undefined && !listPages(role, session.mayPhone, session.hasBilling).includes(to.meta.page)) return { name: startPage(role) }
  return true
})
