/** Rules for the scripts of the pages and their tests. */

import js from '@eslint/js';
import globals from 'globals';

const SCRIPTS = ['src/ganvas/report/static/script/*.js', 'src/ganvas/tile/static/*.js'];

export default [
  { ignores: ['.venv/', 'outputs/', 'docs/', 'dist/', 'build/', 'mine/'] },
  js.configs.recommended,
  {
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'no-shadow': ['error', { builtinGlobals: false }],
      'no-var': 'error',
      'one-var': ['error', 'never'],
      'prefer-const': 'error',
    },
  },
  { files: SCRIPTS, languageOptions: { globals: globals.browser } },
  { files: ['tests/**/*.js', '*.config.js'], languageOptions: { globals: globals.node } },
];
