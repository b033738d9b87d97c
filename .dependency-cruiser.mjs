/** Which other packages the sources of each may import; apps and benchmarks may import all. */
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

const ours = '^(packages|apps|benchmarks)/'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(arrows).map(([name, others]) => ({
      name: `arrows-of-${name}`,
      comment: `of this house, packages/${name} may import ${others.join(', ') || 'nothing'} (DEVELOP.md)`,
      severity: 'error',
      from: { path: `^packages/${name}/src/` },
      to: { path: ours, pathNot: `^packages/(${[name, ...others].join('|')})/` },
    })),
    {
      name: 'package-without-arrows',
      comment: 'name a new package, and what it may import, in .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${Object.keys(arrows).join('|')})/` },
      to: {},
    },
    {
      name: 'deep-import',
      comment: 'import another package by its name: what is public is in its package.json',
      severity: 'error',
      from: { path: `${ours}([^/]+)/` },
      to: { path: ours, pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-such-import',
      comment: 'nothing public is found there: a deep import by name, or a dependency that package.json lacks',
      severity: 'error',
      from: {},
      to: { path: '^@revflow/', couldNotResolve: true },
    },
    {
      name: 'circle',
      comment: 'files of packages import one way',
      severity: 'error',
      from: { path: '^packages/' },
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|fixtures)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['revflow-source', 'import', 'default'], exportsFields: ['exports'] },
  },
}
