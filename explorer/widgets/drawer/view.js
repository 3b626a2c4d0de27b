// One number as the drawer shows it: what it is, how it is computed, what of, and the code. All text enters as text.

import { attributed, button, filled, node } from '../shared/dom.js';
import { percent } from '../shared/numbers.js';
import { snippet } from '../shared/snippet.js';

// origin: what answers/origins.py tells. go(operand): one step deeper; live(home): show it where it lives. Returns elements.
export function drawn(origin, words, { go, live }) {
  const parts = [
    node('h3', 'title', origin.title),
    node('p', 'value', origin.value, origin.share ? node('span', 'share', ` = ${origin.share}`) : ''),
    node('p', 'meaning', origin.meaning),
  ];
  if (origin.whose) parts.splice(1, 0, node('p', 'whose', origin.whose));
  if (origin.edited) parts.push(node('p', 'edited', origin.edited));
  if (!origin.home) parts.push(node('p', 'meaning homeless', words.no_home));
  else if (document.querySelector(`#tabs [role=tab][data-tab-id="${CSS.escape(origin.home.tab)}"]`)) parts.push(button('act live', words.live, () => live(origin.home)));
  parts.push(node('p', 'formula', origin.formula), node('p', 'formula with-numbers', origin.with_numbers));
  parts.push(node('h4', '', words.operands), operands(origin, words, go));
  if (origin.rest) parts.push(node('p', 'rest', origin.rest));
  if (origin.common.length) parts.push(node('p', 'factors common', `${words.common} `, ...listed(origin.common, words, go)));
  if (origin.code.length) parts.push(node('h4', '', words.code), ...origin.code.map((lines) => codeOf(lines, words)));
  const told = { copy: words.copy, copied: words.copied, not: words.not_copied, label: words.python };
  parts.push(node('h4', '', words.python), ...(origin.snippet ? snippet(origin.snippet, told) : [node('p', 'meaning', origin.no_snippet)]));
  return parts;
}

function operands({ terms }, words, go) {
  const list = node('ol', 'terms', ...terms.map((term) => node('li', 'term', ...termParts(term, words, go))));
  list.classList.toggle('with-values', terms.some(({ value, product }) => value !== product));
  return attributed(list, { 'aria-label': words.operands });
}

// Its name and what it adds; its own value, its share as a bar and in per cent; what it is taken together with.
function termParts(term, words, go) {
  const bar = node('span', `bar${term.negative ? ' negative' : ''}`);
  bar.style.width = `${100 * term.part}%`;
  const head = term.place ? button('line deeper', '', () => go(term)) : node('div', 'line');
  head.append(node('span', 'name', term.name), ' ', node('span', 'product', term.product));
  head.append(' ', node('span', 'own', term.value === term.product ? '' : term.value), ' ', node('span', 'track', bar), ' ', node('span', 'part', percent(term.part)));
  const told = [];
  if (term.end) told.push(node('span', 'end', term.end));
  if (term.factors.length) told.push(node('span', '', words.times), ...listed(term.factors, words, go));
  return told.length ? [head, node('p', 'factors', ...spaced(told))] : [head];
}

// Operands in a line of text; those that lead on are buttons.
function listed(factors, words, go) {
  return factors.map((factor) => {
    const text = filled(words.factor, { name: factor.name, value: factor.value });
    if (factor.place) return button('factor', text, () => go(factor));
    return attributed(node('span', 'factor', text), { title: factor.end });
  });
}

function spaced(parts) {
  return parts.flatMap((part, at) => (at ? [' ', part] : [part]));
}

function codeOf({ file, first, text }, words) {
  const last = first + text.split('\n').length - 1;
  const where = first === last ? filled(words.line, { file, first }) : filled(words.lines, { file, first, last });
  return node('figure', 'code', node('figcaption', '', where), attributed(node('pre', '', unindented(text)), { tabindex: 0 }));
}

// Without what all lines are indented by.
function unindented(text) {
  const lines = text.split('\n');
  const indent = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join('\n');
}
