import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

// Layers: shared → features → app. A feature knows no other feature; what two of them need is shared.
const features = ['sign-in', 'session-list', 'user', 'audit', 'trends'];
const layer = (files, group, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

export default tseslint.config(
  { ignores: ['dist', '.cache', 'test-results', 'src/shared/api/schema.d.ts'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  jsxA11y.flatConfigs.recommended,
  reactHooks.configs.flat['recommended-latest'],
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', { max: 400 }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='style']",
          message: 'Use a class: the policy forbids inline styles.',
        },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text only.' },
        { selector: 'ExportAllDeclaration', message: 'No barrel files.' },
      ],
    },
  },
  {
    files: ['scripts/**', '*.config.*'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  // Fixtures of the browser tests are handed a function called `use`.
  { files: ['e2e/**'], rules: { 'react-hooks/rules-of-hooks': 'off' } },
  layer(
    ['src/shared/**'],
    ['@/features/*', '@/app/*', '**/features/**', '**/app/**'],
    'shared knows neither features nor app.',
  ),
  ...features.map((name) =>
    layer(
      [`src/features/${name}/**`],
      [
        '@/app/*',
        '**/app/**',
        ...features.filter((other) => other !== name).map((other) => `@/features/${other}/**`),
      ],
      'A feature imports from shared and itself only.',
    ),
  ),
);
