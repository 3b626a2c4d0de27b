// What `make lint` asks of the page's scripts: names that exist, none left over, none that hides another, no loose equality.
import js from '@eslint/js';
import globals from 'globals';

export default [
  js.configs.recommended,
  {
    files: ['explorer/**/*.js'],
    languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-shadow': ['error', { allow: ['_'] }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      'no-unused-vars': ['error', { args: 'after-used', ignoreRestSiblings: true }],
      'no-implicit-globals': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-throw-literal': 'error',
      'default-param-last': 'error',
      // Text that people type is data: markup has no way in.
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({ property, message: 'Text is data: use textContent, or node() of widgets/shared/dom.js.' })),
        { object: 'document', property: 'write' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "CallExpression[callee.object.name='document'][callee.property.name='addEventListener']", message: 'A listener of the document ends with its element: use follow() of widgets/shared/dom.js.' },
      ],
      'no-restricted-globals': ['error', 'event', 'name', 'status', 'top', 'parent', 'length', 'find', 'stop', 'print', 'close', 'open'],
    },
  },
];
