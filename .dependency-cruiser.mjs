/** Which packages the sources of each may import; apps and benchmarks may import all. */
const arrows = {
  core: [],
  schedules: ['core'],
  stein: ['core', 'schedules'],
  flows: ['core', 'schedules', 'stein'],
  nn: ['core'],
  rl: ['core', 'nn'],
  agents: ['core', 'schedules', 'stein', 'flows', 'nn', 'rl'],
  jit: ['core'],
  envs: ['core'],
  render: ['core'],
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(arrows).map(([name, may]) => ({
      name: `arrow-${name}`,
      comment: `packages/${name} may import ${may.join(', ') || 'no other package'}`,
      severity: 'error',
      from: { path: `^packages/${name}/src/` },
      to: { path: '^(packages|apps|benchmarks)/', pathNot: `^packages/(${[name, ...may].join('|')})/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['revflow-source', 'import', 'default'], exportsFields: ['exports'] },
  },
}
