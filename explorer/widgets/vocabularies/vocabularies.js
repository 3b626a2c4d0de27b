import { tintOf } from '../shared/chips.js';
import { attributed, filled, finder, node, put } from '../shared/dom.js';
import { glyphsOf, striped } from '../shared/glyphs.js';
import { listKeys } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { fixed, grouped } from '../shared/numbers.js';
import { disagreements, placesOf } from './cuts.js';

const USUAL = 'gpt2';

export default function mount({ element, props, watch, words, name, tints }) {
  const find = finder(element);
  const lines = find('lines');
  let came;
  let shown = null; // { characters, n, rows }
  let against = USUAL;

  const heads = () => [...lines.querySelectorAll('.head')];
  const here = () => shown.rows.filter(({ tokens }) => tokens);
  const reference = () => here().find((row) => row.name === against) ?? here()[0];

  const facts = (row) => {
    if (!row.tokens) return [node('span', 'facts', words.not_here)];
    const each = fixed(row.tokens.length / shown.n, 3);
    const { more, fewer } = disagreements(row.tokens, reference().tokens);
    const told = row === reference() ? words.is_reference : filled(words.differs, { more: grouped(more.length), fewer: grouped(fewer.length) });
    return [
      node('span', 'facts', node('strong', '', filled(words.shared_count, { n: grouped(row.tokens.length) })), ' ', filled(words.each, { each })),
      node('span', row === reference() ? 'facts reference' : 'facts', told),
    ];
  };

  const headFor = (row) => {
    const made = node('div', row.tokens ? 'head' : 'head missing', node('span', 'title', row.title), node('span', 'size', filled(words.entries, { n: row.size })), ...facts(row));
    if (!row.tokens) return made;
    attributed(made, { role: 'radio', 'aria-checked': String(row === reference()), tabindex: row === reference() ? 0 : -1 });
    made.addEventListener('click', () => choose(row.name));
    return made;
  };

  // Tokens take the tints in turn: their ids mean something else in every vocabulary.
  const lineFor = (row) => {
    const line = node('div', 'line');
    if (!row.tokens) return line;
    const placeOf = placesOf(shown.characters);
    const { more, fewer } = disagreements(row.tokens, reference().tokens);
    if (2 * more.length > row.tokens.length) line.classList.add('many'); // thinner, so that the text is read through them
    let character = 0;
    let at = 0;
    const widths = glyphsOf(shown.characters, row.tokens).map((glyph) => {
      const bytes = glyph.owners.reduce((sum, [, n]) => sum + n, 0);
      let wide = 0;
      for (const end = at + bytes; at < end; character += 1) {
        at += shown.characters[character][1];
        wide += shown.characters[character][2];
      }
      return [glyph, wide];
    });
    line.append(...widths.map(([{ text, owners }, wide]) => {
      const made = attributed(node('bdi', 'stretch', text), { dir: 'auto' });
      made.style.width = `calc(${wide} * var(--unit))`;
      made.style.background = striped(owners, (token) => tintOf((token * 5) % tints));
      return made;
    }));
    for (const [places, kind] of [[more, 'more'], [fewer, 'fewer']]) {
      for (const byte of places) {
        const mark = node('i', kind);
        mark.style.left = `calc(${placeOf(byte)} * var(--unit))`;
        line.append(mark);
      }
    }
    return line;
  };

  const draw = () => {
    if (!shown || !here().length) return;
    const focused = heads().includes(document.activeElement);
    lines.replaceChildren(...shown.rows.flatMap((row) => [headFor(row), lineFor(row)]));
    put(find('against'), filled(words.against, { title: reference().title }));
    if (focused) lines.querySelector('[aria-checked=true]').focus({ preventScroll: true });
    lines.dispatchEvent(new CustomEvent('figure-drawn', { bubbles: true }));
  };

  const choose = (wish) => {
    against = wish;
    draw();
    remember(wish);
  };
  const remember = linked(element, name, USUAL, (wish) => {
    against = wish;
    draw();
  });
  listKeys(lines, {
    at: () => here().indexOf(reference()),
    count: () => here().length,
    along: 'vertical',
    go: (place) => {
      choose(here()[place].name);
      lines.querySelector('[aria-checked=true]').focus({ preventScroll: true });
    },
  });

  lines.figureTable = () => ({
    columns: words.table_head.split(', '),
    rows: shown ? here().map((row) => {
      const { more, fewer } = disagreements(row.tokens, reference().tokens);
      return [row.title, row.size, row.tokens.length, row.tokens.length / shown.n, more.length, fewer.length];
    }) : [],
  });

  attributed(lines, { 'aria-label': words.choose });
  find('one').append(node('i', 'more'), words.only_here);
  find('two').append(node('i', 'fewer'), words.only_there);

  const take = () => {
    const value = props.value?.told;
    if (!value || value === came) return;
    came = value;
    shown = JSON.parse(value);
    draw();
  };
  watch('value', take);
  take();
}
