/** The whole architecture as data: a folder of src/ and what it may import of ours (docs/architecture.md §2). */
const layers = {
  domain: [],
  agent: ['domain'],
  entities: ['domain'],
  store: ['domain', 'entities', 'agent/ports', 'migrations'],
  datasources: ['domain', 'agent/ports'],
  resolvers: ['domain', 'entities', 'store', 'datasources', 'agent/index', 'agent/ports'],
  gateway: ['domain', 'resolvers', 'entities', 'agent/ports', 'agent/index'],
  sandbox: ['domain'],
  cli: ['domain'],
};

const allow = (names) => names.map((name) => (name === 'migrations' ? '^migrations/' : `^src/${name}(/|\\.ts$)`));

const forbidden = Object.entries(layers).map(([layer, may]) => ({
  name: `${layer}-imports`,
  severity: 'error',
  comment: `${layer} may import of ours: ${may.join(', ') || 'nothing'}`,
  from: { path: `^src/${layer}/` },
  to: { path: '^(src|migrations|bench|test|dashboard)/', pathNot: [`^src/${layer}/`, ...allow(may)] },
}));

module.exports = {
  forbidden: [
    ...forbidden,
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'agent-knows-no-framework',
      severity: 'error',
      comment: 'The agent is plain functions over plain data; the world is behind agent/ports.ts.',
      from: { path: '^src/(agent|domain)/' },
      to: { path: 'node_modules/(typeorm|pg|graphql|type-graphql|@apollo|graphile-worker|undici|ws)/' },
    },
    {
      name: 'detect-is-pure',
      severity: 'error',
      comment: 'Detection is replayable: no I/O.',
      from: { path: '^src/agent/(detect|correlate)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|zlib)$' },
    },
    {
      name: 'composition-root',
      severity: 'error',
      from: { pathNot: '^(src/(main|banner)|test|bench)' },
      to: { path: '^src/compose\\.ts$' },
    },
    {
      name: 'config-stays-outside',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/config\\.ts$' },
    },
    { name: 'no-dev-dependency', severity: 'error', from: { path: '^src/' }, to: { dependencyTypes: ['npm-dev'] } },
    {
      name: 'no-undeclared',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
