// The table of a figure: what the server sent or what the figure's own script handed over, a bounded part of it in the page.
import { attributed, button, filled, finder, node, put, tell } from '../../shared/dom.js';
import { gridKeys } from '../../shared/keys.js';
import { grouped } from '../../shared/numbers.js';
import { originIn } from './origins.js';

export default function table({ element, props, watch, words, MOST_ROWS, MOST_COLUMNS }) {
  const find = finder(element);
  const box = find('table');
  const root = element.closest('.figure-frame');
  let shape = [0, 0]; // of what is written
  let comesIntoSight = false; // once its rows stand: it opens below its figure, where the window may have ended

  root.addEventListener('rows-asked', ({ detail: { open, rows, fresh } }) => {
    if (box.hidden === open) comesIntoSight = open;
    box.hidden = !open;
    if (fresh) {
      props.value = {}; // so that rows equal to the last are seen to arrive
      if (!find('scroll').firstChild) put(find('note'), words.waiting);
    }
    if (rows) draw(rows);
    if (!open) find('scroll').replaceChildren();
  });

  function arrived() {
    const sent = props.value || {};
    if (!sent.columns) return;
    if (!box.hidden) draw(sent);
    root.dispatchEvent(new CustomEvent('rows-came', { detail: sent }));
  }

  // origins: a function of a cell's row and column from a figure's own script, a list by column from the server
  function draw({ columns, rows, origins }) {
    const originAt = typeof origins === 'function' ? origins : (row, column) => originIn(origins, rows[row], column);
    const shown = rows.slice(0, MOST_ROWS).map((row) => row.slice(0, MOST_COLUMNS));
    const names = columns.slice(0, MOST_COLUMNS);
    const numeric = names.map((_, place) => place > 0 && shown.every((row) => typeof row[place] === 'number' || row[place] === null || row[place] === ''));
    const cell = (tag, value, place, scope) => attributed(node(tag, numeric[place] ? 'number' : '', value), { scope });
    // a number whose origin is known opens it
    const content = (value, index, place) => {
      const origin = typeof value === 'number' ? originAt(index, place) : null;
      if (!origin) return written(value);
      const made = button('from', written(value), () => tell('number-asked', { ...origin, from: made }));
      return attributed(made, { tabindex: -1, title: words.shared_where_from });
    };
    const line = (row, index) => node('tr', '', ...row.map((value, place) => (place ? cell('td', content(value, index, place), place, null) : cell('th', written(value), place, 'row'))));
    const head = node('thead', '', node('tr', '', ...names.map((column, place) => cell('th', written(column), place, 'col'))));
    const scroll = find('scroll');
    const { scrollTop, scrollLeft } = scroll;
    shape = [shown.length, names.length];
    scroll.replaceChildren(node('table', '', head, node('tbody', '', ...shown.map(line))));
    const first = scroll.querySelector('.from');
    if (first) first.tabIndex = 0;
    scroll.scrollTo(scrollLeft, scrollTop); // a redraw keeps the place that somebody reads
    scroll.setAttribute('aria-label', filled(words.table_of, { title: root.querySelector('.title').textContent }));
    put(find('note'), noteOn(rows, columns, shown));
    if (comesIntoSight) box.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    comesIntoSight = false;
  }

  function noteOn(rows, columns, shown) {
    if (!rows.length) return words.no_rows;
    const cutRows = rows.length > MOST_ROWS, cutColumns = columns.length > MOST_COLUMNS;
    const counts = { rows: grouped(MOST_ROWS), all_rows: grouped(rows.length), columns: grouped(MOST_COLUMNS), all_columns: grouped(columns.length) };
    const cut = cutRows && cutColumns ? words.cut_both : cutRows ? words.cut_rows : cutColumns ? words.cut_columns : '';
    const rounded = shown.some((row) => row.some((value) => typeof value === 'number' && Number(written(value).replace('−', '-')) !== value));
    return [cut && filled(cut, counts), rounded && words.rounded].filter(Boolean).join(' ');
  }

  // Numbers that open their origin are one tab stop, in which the arrows move.
  const placeOf = () => {
    const at = document.activeElement.closest('td');
    return at ? [at.parentElement.sectionRowIndex, at.cellIndex] : [-1, -1];
  };
  gridKeys(find('scroll'), {
    at: placeOf,
    size: () => (placeOf()[0] < 0 ? [0, 0] : shape), // where none has the focus the keys scroll
    go: ([row, column]) => {
      const next = find('scroll').querySelector(`tbody tr:nth-child(${row + 1})`)?.children[column]?.querySelector('.from');
      if (!next) return;
      find('scroll').querySelectorAll('.from[tabindex="0"]').forEach((one) => { one.tabIndex = -1; });
      next.tabIndex = 0;
      next.focus();
    },
  });

  watch('value', arrived);
}

function written(value) {
  if (typeof value !== 'number') return String(value ?? '');
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6))).replace('-', '−');
}
