// Lists and grids with one tab stop, in which the arrow keys move, as the ARIA practices describe for listbox and grid.

// Where a key leads from place `at` of `n`; undefined for a key that does not move. along: 'horizontal', 'vertical' or 'both'.
export function stepInList(key, at, n, along = 'horizontal') {
  const across = along !== 'vertical', down = along !== 'horizontal';
  const target = { Home: 0, End: n - 1 }[key];
  const by = (across && { ArrowLeft: -1, ArrowRight: 1 }[key]) || (down && { ArrowUp: -1, ArrowDown: 1 }[key]) || 0;
  if (n < 1 || (target === undefined && by === 0)) return undefined;
  return target ?? Math.max(0, Math.min(n - 1, at + by));
}

// The same from [row, column] of a grid; Home and End lead along the row.
export function stepInGrid(key, [row, column], nRows, nColumns) {
  if (nRows < 1 || nColumns < 1) return undefined;
  const along = stepInList(key, column, nColumns, 'horizontal');
  if (along !== undefined) return [row, along];
  const down = { ArrowUp: 1, ArrowDown: 1 }[key] && stepInList(key, row, nRows, 'vertical');
  return down === undefined ? undefined : [down, column];
}

// The option at place `at` is the selected one and the list's one tab stop; `at` may be -1 for none.
export function select(options, at) {
  options.forEach((option, place) => {
    option.tabIndex = place === at ? 0 : -1;
    option.setAttribute('aria-selected', String(place === at));
  });
}

// Calls go(place) when a key moves inside `list`. at() and count() are asked at each key.
export function listKeys(list, { at, count, go, along = 'horizontal' }) {
  onKeys(list, (key) => stepInList(key, at(), count(), along), go);
}

// Calls go([row, column]) when a key moves inside `grid`. at() is [row, column], size() is [rows, columns].
export function gridKeys(grid, { at, size, go }) {
  onKeys(grid, (key) => stepInGrid(key, at(), ...size()), go);
}

function onKeys(box, stepOf, go) {
  box.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's own
    const target = stepOf(event.key);
    if (target === undefined) return;
    event.preventDefault();
    go(target);
  });
}
