export const zh = {
  title: '登录',
  username: '用户名',
  password: '密码',
  logIn: '登录',
  needUsername: '请输入用户名',
  needPassword: '请输入密码',
  claim: ['每一通电话，', '看得见，听得到，算得清。'],
  points: {
    live: '实时监控坐席与通话',
    record: '录音随通话记录即查即听',
    money: '运营商、代理商、企业逐级计费',
  },
}

export const en: typeof zh = {
  title: 'Log in',
  username: 'User name',
  password: 'Password',
  logIn: 'Log in',
  needUsername: 'Enter your user name',
  needPassword: 'Enter your password',
  claim: ['Every call seen, ', 'heard and accounted for.'],
  points: {
    live: 'Agents and calls as they happen',
    record: 'Recordings beside their call records',
    money: 'Exact charges at every level',
  },
}
